// What all faults share: their shape, and what several of them do.
import { setTimeout as delay } from 'node:timers/promises'
import type { Program } from '../programs.ts'
import type { Way } from '../ways.ts'
import { lastLines, type World } from '../world.ts'

export interface Fault {
  readonly name: string
  /** Takes long, so that once a run is enough. */
  readonly isSlow?: boolean
  /** Why it cannot be injected on this machine; null: it can. */
  cannot?(world: World): string | null
  inject(world: World): Promise<void>
}

export const needsMount = (world: World) => (world.canMount ? null : 'only root may mount a small disk')

/** Ends a program as a power cut does, and lets the next one in: half a minute later, or at once as if it were. */
export async function killed(world: World, program: Program): Promise<void> {
  await program.kill()
  if (world.isSmall || world.dice.happens(0.85)) await world.expireLease(program)
}

/** Kills `program` when it sends what holds `sign`, or so many packets; a while later if that never comes. */
export async function killedAt(world: World, program: Program, sign: string | number): Promise<void> {
  const swallowsIt = world.dice.happens(0.5)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 8_000)
    world.wire.listen(sign, () => {
      void program.kill().then(resolve)
      clearTimeout(timer)
      return !swallowsIt
    })
  })
  await killed(world, program)
}

/** An outage that leaves answers in the spool of the daemon. */
export async function backlog(world: World): Promise<void> {
  await world.wire.refuse()
  for (let ticks = world.dice.between(2, 3); ticks > 0; ticks--) {
    await world.api.next('answer')
    await delay(900)
  }
  await world.wire.mend()
}

/** The provider answers a part of all requests in these ways for a while. */
export async function answering(world: World, ways: readonly Way[], part: number, ms: number): Promise<void> {
  world.api.mix = { ways, part }
  await delay(ms)
  world.api.mix = null
}

export async function expectCode(world: World, program: Program, codes: readonly number[]): Promise<void> {
  const { code, signal } = await program.exit
  if (code === null || !codes.includes(code))
    world.problems.push(
      `${program.args.join(' ')} ended with ${code ?? signal}, not ${codes}: ${lastLines(program)}`,
    )
}

export const terminateAll = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'primosync'`
