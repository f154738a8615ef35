// What faults share: their type, and what several of them do.
import { setTimeout as delay } from 'node:timers/promises'
import { type Program, totalsInSpool } from '../programs.ts'
import type { Way } from '../ways.ts'
import { lastLines, type World } from '../world.ts'

export interface Fault {
  readonly name: string
  /** True if it takes long: then it is injected once per run. */
  readonly isSlow?: boolean
  /** Returns why it cannot be injected on this machine; null if it can. */
  cannot?(world: World): string | null
  /** Injects and repairs the fault. Calls `world.missed` if it changed nothing. */
  inject(world: World): Promise<void>
}

/** How much longer a fault goes on if it has had no effect so far. */
const PATIENCE_MS = 6_000
/** A log line of a program whose answers the database cannot take. */
export const AWAY = /wait in the spool\.|Tick failed/

export const needsMount = (world: World) => (world.canMount ? null : 'only root may mount a small disk')

/** Waits until a condition is true, at most `ms`. Returns whether it is. */
export async function within(ms: number, isTrue: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const giveUpAt = Date.now() + ms; !(await isTrue()); await delay(50))
    if (Date.now() > giveUpAt) return false
  return true
}

/** Lets a fault last for `ms`, and then until it has an effect. */
export async function lasting(
  world: World,
  ms: number,
  isFelt: () => boolean | Promise<boolean>,
): Promise<void> {
  await delay(ms)
  if (!(await within(PATIENCE_MS, isFelt))) world.missed('it had no effect')
}

/** Returns a function that says whether a program has logged a match since this call. */
export function listeningTo(program: Program): (sign: RegExp) => boolean {
  const from = program.output().length
  return (sign) => sign.test(program.output().slice(from))
}

/** With LOG_LEVEL=debug a daemon logs each tick, also one that another daemon ran. */
export const hasTicked = (program: Program) => /"msg":"(This tick|Tick) /.test(program.output())

/** Kills a program like a power cut. Its lease expires after half a minute, or is expired at once. */
export async function killed(world: World, program: Program): Promise<void> {
  await program.kill()
  if (world.isSmall || world.dice.happens(0.85)) await world.expireLease(program)
}

/** Kills `program` `packetsLater` packets after it sends one that contains `sign`. The last packet may go through. */
export async function killedAt(
  world: World,
  program: Program,
  sign: string,
  packetsLater = 0,
): Promise<void> {
  const { wire, dice } = world
  const swallowsIt = dice.happens(0.5)
  let killing: Promise<void> | null = null
  const kill = () => {
    killing = killed(world, program)
    return !swallowsIt
  }
  wire.listen(sign, () => {
    if (packetsLater === 0) return kill()
    wire.listen(packetsLater, kill)
    return undefined
  })
  if (!(await within(PATIENCE_MS, () => killing !== null)))
    world.missed(`no program has sent ${sign} and ${packetsLater} packets`)
  await killing
}

/** Returns those of `totals` that are not stored as snapshots or account readings. */
export async function unstored({ cluster }: World, totals: Iterable<number>): Promise<number[]> {
  const wanted = [...totals]
  const rows = await cluster.admin<{ total: string }>(
    `select sent::text as total from sms.snapshots where sent = any('{${wanted}}')
    union all select sent::text from sms.account_readings where sent = any('{${wanted}}')`,
  )
  const stored = new Set(rows.map(({ total }) => Number(total)))
  return wanted.filter((total) => !stored.has(total))
}

/** Makes an outage that leaves answers in the spool of a program. Returns their totals, which are not stored then. */
export async function backlog(world: World, program: Program): Promise<number[]> {
  await world.wire.refuse()
  for (let ticks = world.dice.between(2, 3); ticks > 0; ticks--) {
    await world.api.next('answer')
    await delay(900)
  }
  const totals = await unstored(world, totalsInSpool(program.folder))
  if (totals.length === 0) world.missed('the outage has left nothing in the spool')
  await world.wire.mend()
  return totals
}

/** Lets the provider answer a share of all requests in these ways for a while. */
export async function answering(world: World, ways: readonly Way[], part: number, ms: number): Promise<void> {
  const { api } = world
  const times = () => ways.reduce((sum, { name }) => sum + (api.gone.get(name) ?? 0), 0)
  const before = times()
  api.mix = { ways, part }
  await lasting(world, ms, () => times() > before)
  api.mix = null
}

export async function expectCode(world: World, program: Program, codes: readonly number[]): Promise<void> {
  const { code, signal } = await program.exit
  if (code === null || !codes.includes(code))
    world.problems.push(
      `${program.args.join(' ')} ended with ${code ?? signal}, not ${codes}: ${lastLines(program)}`,
    )
}

/** Ends all connections of the programs, with a row for each. */
export const terminateAll = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'primosync'`
