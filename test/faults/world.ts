// What faults are injected into: a provider, a PostgreSQL, the network to it, and running programs.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Api, openApi } from './api.ts'
import { openBouncer } from './bouncer.ts'
import { type Cluster, canMount, mountDisk, openCluster, unmountDisk } from './cluster.ts'
import { type Dice, throwDice } from './dice.ts'
import { type Launch, launch, type Program } from './programs.ts'
import { openWire, type Wire } from './wire.ts'

export const KEY = 'key-of-the-fault-suite'
/** Two dozen categories, some with odd names. */
export const CATEGORIES = `${[...Array(20).keys()].map((n) => `c${n}`)},é t/é & ü,=HYPERLINK("x"),<script>🎉,__proto__`
/** Long enough for a lease of half a minute, and a minute of waiting for others. */
const RECOVERY_MS = 100_000
const ORPHANED_MS = 16 * 60_000

export interface World {
  readonly dice: Dice
  readonly api: Api
  readonly cluster: Cluster
  readonly wire: Wire
  /** The port of a PgBouncer in transaction mode; null if this machine has none. */
  readonly bouncerPort: number | null
  readonly canMount: boolean
  /** True for the core only: leases are not waited for, but expired by hand. */
  readonly isSmall: boolean
  /** The library that fakes the time; null if this machine has none. */
  readonly faketime: string | null
  readonly programs: ReadonlyMap<string, Program>
  /** The totals that were found in other databases. */
  readonly elsewhere: number[]
  /** What went wrong. */
  readonly problems: string[]
  /** The faults that changed nothing, and why. */
  readonly misses: { readonly fault: string; readonly why: string }[]
  /** The longest time from a repair to the next stored answer of a new tick, milliseconds. */
  slowestRecoveryMs: number
  /** Returns a data folder by its name, on a small disk if a size is given. */
  folder(name: string, diskMebibytes?: number): string
  run(args: readonly string[], options?: Partial<Launch>): Program
  /** Returns the main daemon, which has got an answer already. It is started again after a kill. */
  daemon(): Promise<Program>
  /** Expires the lease of a dead program, as half a minute would. */
  expireLease(of: Program): Promise<void>
  /** Resolves when a new answer is stored. */
  recover(what: string): Promise<void>
  /** Stops every program, and stores what waits in their folders with a last `sync`. */
  settle(): Promise<void>
  say(text: string): void
  /** Notes that the active fault has changed nothing. It does not count as injected. */
  missed(why: string): void
  close(): Promise<void>
}

export interface WorldOptions {
  readonly seed: number
  readonly verbose: boolean
  /** True for the core only, without small disks, PgBouncer and the like. */
  readonly isSmall: boolean
}

export async function openWorld({ seed, verbose, isSmall }: WorldOptions): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'primosync-faults-'))
  const mayMount = !isSmall && canMount()
  const dice = throwDice(seed, 'faults')
  const api = await openApi(throwDice(seed, 'provider'))
  const cluster = await openCluster(mayMount ? 400 : null, 5500 + (process.pid % 200))
  const wire = await openWire(cluster.port)
  const bouncer = isSmall ? null : await openBouncer(root, wire.port, cluster.ownerPassword)
  const programs = new Map<string, Program>()
  const problems: string[] = []
  const disks: string[] = []
  const startedAt = Date.now()
  let main: Program | null = null

  const world: World = {
    dice,
    api,
    cluster,
    wire,
    programs,
    problems,
    elsewhere: [],
    misses: [],
    canMount: mayMount,
    isSmall,
    bouncerPort: bouncer?.port ?? null,
    faketime: isSmall ? null : faketimeLibrary(),
    slowestRecoveryMs: 0,
    folder(name, diskMebibytes) {
      const path = join(root, name)
      if (existsSync(path)) return path
      mkdirSync(path, { mode: 0o700 })
      if (diskMebibytes !== undefined) {
        mountDisk(path, diskMebibytes)
        disks.push(path)
      }
      return path
    },
    run(args, options = {}) {
      const id = `p${programs.size + 1}`
      const env = {
        PRIMOTEXTO_API_KEY: KEY,
        PRIMOTEXTO_CATEGORIES: CATEGORIES,
        PRIMOTEXTO_BASE_URL: `http://127.0.0.1:${api.port}/${id}/v2`,
        DATABASE_URL: cluster.url(wire.port),
        HTTP_PORT: '0',
        SYNC_SCHEDULE: '* * * * * *',
        SYNC_TIMEOUT: '4 s',
        LOG_FORMAT: 'json',
        ...options.env,
      }
      const program = launch(id, root, { args, folder: world.folder('main'), ...options, env })
      programs.set(id, program)
      void program.exit.then(({ code, signal }) => {
        // A process without output may not handle the signal yet.
        const isStopped = signal === 'SIGKILL' || (signal === 'SIGTERM' && program.output() === '')
        const crashed =
          signal === null ? /unexpected error|JavaScript heap/.test(program.output()) : !isStopped
        if (crashed)
          problems.push(`${id} (${args.join(' ')}) ended with ${code ?? signal}: ${lastLines(program)}`)
      })
      return program
    },
    async daemon() {
      if (main === null || main.endedAt !== null) {
        main = world.run(['start'])
        await asking(main)
      }
      return main
    },
    async expireLease({ pid }) {
      await cluster.admin(`update store.lease set expires_at = now() where holder like '%process ${pid}'`)
    },
    async recover(what) {
      await world.daemon()
      const mendedAt = Date.now()
      const isStored = async () =>
        (
          await cluster.admin<{ found: boolean }>(
            `select exists (select from sms.snapshots where observed_at > to_timestamp(${mendedAt} / 1000.0)) as found`,
          )
        )[0]?.found
      while (!(await isStored())) {
        if (Date.now() - mendedAt > RECOVERY_MS) {
          problems.push(`${what}: nothing is stored ${RECOVERY_MS / 1000} s after it was mended`)
          return
        }
        await delay(100)
      }
      world.slowestRecoveryMs = Math.max(world.slowestRecoveryMs, Date.now() - mendedAt)
    },
    async settle() {
      api.during = 'at the end'
      for (const program of programs.values()) {
        if (program.endedAt !== null) continue
        await program.stop().catch(async (error: Error) => {
          problems.push(error.message)
          await program.kill()
        })
      }
      const folders = new Map([...programs.values()].map(({ folder, args }) => [folder, args]))
      for (const folder of folders.keys()) {
        if (!existsSync(join(folder, 'spool')) || existsSync(join(folder, 'postgres'))) continue
        age(join(folder, 'spool'))
        const last = world.run(['sync'], { folder })
        const { code } = await last.exit
        if (code !== 0) problems.push(`the last sync of ${folder} ended with ${code}: ${lastLines(last)}`)
        const left = readdirSync(join(folder, 'spool')).filter((name) => name.endsWith('.ndjson'))
        if (left.length > 0) problems.push(`the spool in ${folder} is not empty: ${left}`)
      }
    },
    say: (text) => {
      if (verbose)
        process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
    },
    missed(why) {
      world.say(`  missed: ${why}`)
      world.misses.push({ fault: api.during, why })
    },
    async close() {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, abandon)
      for (const program of programs.values()) if (program.endedAt === null) await program.kill()
      await bouncer?.close()
      await wire.close()
      api.close()
      await cluster.close()
      for (const disk of disks) unmountDisk(disk)
      if (problems.length === 0) rmSync(root, { recursive: true, force: true })
      else process.stderr.write(`The programs' output is kept in ${root}\n`)
    },
  }
  // Ctrl-C must not leave servers and disks behind.
  const abandon = () => void world.close().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, abandon)
  return world

  /** Waits for the first answer to a program. */
  async function asking(program: Program): Promise<void> {
    const isAnswered = () => api.answered.some((answer) => answer.program === program.id)
    for (
      const giveUpAt = Date.now() + RECOVERY_MS;
      !isAnswered() && program.endedAt === null;
      await delay(50)
    ) {
      if (Date.now() < giveUpAt) continue
      problems.push(`${program.id} asks for nothing: ${lastLines(program)}`)
      return
    }
  }
}

/** Returns the last three lines of a program's output. */
export function lastLines(program: Program): string {
  return program.output().trim().split('\n').slice(-3).join('\n').slice(0, 1_000)
}

/** Makes segments a quarter of an hour older, so that those of dead processes may be removed. */
function age(spool: string): void {
  const then = new Date(Date.now() - ORPHANED_MS)
  for (const name of readdirSync(spool))
    if (name.endsWith('.ndjson')) utimesSync(join(spool, name), then, then)
}

export function faketimeLibrary(): string | null {
  for (const folder of [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib',
    '/usr/lib64',
  ]) {
    const path = join(folder, 'faketime/libfaketime.so.1')
    if (existsSync(path)) return path
  }
  return null
}
