// One tick: asks for every active category, writes each answer to the spool when it arrives, and stores the spool in
// the warehouse meanwhile. Safe to run twice, and to kill at any point.

import { randomUUIDv7 } from 'node:crypto'
import { DatabaseAwayError, reasonOf, UsageError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { Client } from '../primotexto/client.ts'
import type { FinishedRecord, RunRecord, SpoolRecord, Trigger } from '../spool/records.ts'
import type { Spool } from '../spool/spool.ts'
import { unlessStopped } from '../stopping.ts'
import { asAway, isDatabaseAway } from '../warehouse/away.ts'
import { acquireLease, type Lease, leaseHolder } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { abandonRuns, beginRun, isBegun, statusOf } from '../warehouse/runs.ts'
import { prune } from '../warehouse/series/prune.ts'
import { askAll } from './asking.ts'
import { StoringLoop } from './storing-loop.ts'
import { type Listed, readTargets, rememberedTargets, type Target } from './targets.ts'

/** A wait for the lease that is too short to be logged. */
const MOMENT_MS = 1_000
/** How long a tick waits for the lease, which another tick of this or another process may hold. */
const PATIENCE_MS = 60_000
/** How long opening a run, pruning and releasing the lease may take after a stop. An unreleased lease expires. */
const OPEN_GRACE_MS = 2_000
const PRUNE_GRACE_MS = 1_000
const RELEASE_GRACE_MS = 1_000

export interface Account extends Listed {
  readonly client: Client
}

export interface TickDeps {
  readonly accounts: readonly Account[]
  readonly warehouse: Warehouse
  readonly spool: Spool
  /** How long a tick that has asked for everything goes on storing the backlog of earlier runs; null: no limit. */
  readonly replayGraceMs: number | null
  /** How long snapshots are kept; null: for ever. */
  readonly retentionMs: number | null
  readonly timezone: string
  /** How other processes see this one: host and process id. */
  readonly holder: string
  /** Migrates the schema and settles the time zone before the first use; rejects while the database is away. */
  prepare(): Promise<void>
  readonly log: Logger
}

export interface TickRequest {
  readonly trigger: Trigger
  /** The instant of the schedule that is due, epoch milliseconds; null: none. */
  readonly scheduledAt: number | null
  /** Only this account, only these categories; all where left out. */
  readonly account?: string | undefined
  readonly categories?: readonly string[] | undefined
}

export interface TickReport {
  readonly run: string
  /** `ok`: every category gave a reading. `failed`: none did. */
  readonly status: FinishedRecord['status']
  readonly categories: number
  readonly stored: number
  readonly failed: number
  readonly rejected: number
  /** Snapshots of earlier runs that had waited in the spool and were stored by this one. */
  readonly late: number
  /** Answers wait in the spool because the database could not take them. */
  readonly waiting: boolean
  readonly durationMs: number
}

/** A run that may begin. */
interface Opened {
  /** Null: the database is away, or another process holds the lease; everything waits in the spool. */
  readonly lease: Lease | null
  readonly run: RunRecord
  readonly targets: readonly Target[]
}

/**
 * Runs one tick. Resolves to null if another process ran the tick of that instant. While the database is away, or
 * another process holds the lease for more than a minute, it asks all the same, and the answers wait in the spool.
 * Once `signal` is aborted nothing more is asked, and it ends within seconds. Rejects if answers can be written
 * neither to the spool nor to the database, or if it is stopped before it begins.
 */
export async function tick(
  deps: TickDeps,
  request: TickRequest,
  signal: AbortSignal,
): Promise<TickReport | null> {
  const opened = await openRun(deps, request, signal)
  if (opened === null) return null
  try {
    const report = await askAndStore(deps, opened, signal)
    if (opened.lease && !report.waiting) await pruneOld(deps, signal)
    return report
  } finally {
    await giveBack(opened.lease, signal)
  }
}

/** Takes the lease, finds the targets and writes the run's row; while the database is away, only finds the targets. */
async function openRun(deps: TickDeps, request: TickRequest, signal: AbortSignal): Promise<Opened | null> {
  const { accounts, warehouse, spool, log } = deps
  const runOf = runBeginner(deps, request)
  let lease = null as Lease | null
  const open = async (): Promise<Opened | null> => {
    await withinPatience(deps.prepare())
    lease = await takeTurn(deps, signal)
    if (lease === null) {
      if (await isBegun(warehouse.db, runOf([]))) return null
      throw new DatabaseAwayError(
        `Another primosync (${(await leaseHolder(warehouse.db)) ?? 'unknown'}) has held the lease for a minute.`,
      )
    }
    const targets = chosen(await readTargets(warehouse, accounts, spool.folder), request)
    signal.throwIfAborted()
    const run = runOf(targets)
    if (await announce(deps, run)) return { lease, run, targets }
    await giveBack(lease, signal)
    return null
  }
  try {
    return await unlessStopped(open(), signal, OPEN_GRACE_MS)
  } catch (error) {
    if (!isDatabaseAway(error)) {
      await giveBack(lease, signal)
      throw error
    }
    void lease?.release() // not waited for: the database is away
    log.warn(`${reasonOf(asAway(error))} Asking goes on; the answers wait in the spool.`)
    const targets = chosen(await rememberedTargets(accounts, spool.folder), request)
    return { lease: null, run: runOf(targets), targets }
  }
}

async function giveBack(lease: Lease | null, signal: AbortSignal): Promise<void> {
  if (lease) await unlessStopped(lease.release(), signal, RELEASE_GRACE_MS).catch(() => {})
}

function runBeginner({ accounts }: TickDeps, request: TickRequest): (targets: Target[]) => RunRecord {
  const { trigger, scheduledAt } = request
  // A process with another account may run a tick at the same instant, so a sole account is the scope.
  const account = request.account ?? (accounts.length === 1 ? accounts[0]!.name : null)
  const begun = { key: randomUUIDv7(), account, trigger, scheduledAt, startedAt: Date.now() }
  return (targets) => ({ kind: 'run', ...begun, categories: targets.length })
}

/** Removes old snapshots for a bounded time; a later tick goes on. */
async function pruneOld({ warehouse, retentionMs, log }: TickDeps, signal: AbortSignal): Promise<void> {
  if (retentionMs === null || signal.aborted) return
  try {
    // Not waited for after a stop: the next tick goes on.
    const pruned = await unlessStopped(prune(warehouse, Date.now() - retentionMs), signal, PRUNE_GRACE_MS)
    if (pruned.snapshots > 0) log.info(pruned, 'pruned snapshots older than SNAPSHOT_RETENTION')
  } catch (error) {
    log.warn(`Snapshots were not pruned: ${reasonOf(error)}`)
  }
}

/** Null: another process held it for longer than a tick waits. */
async function takeTurn({ warehouse, holder, log }: TickDeps, signal: AbortSignal): Promise<Lease | null> {
  const atOnce = await acquireLease(warehouse, holder, { patienceMs: MOMENT_MS, signal })
  if (atOnce) return atOnce
  // The lease of a killed process expires after half a minute, so a longer wait is logged.
  const other = await leaseHolder(warehouse.db)
  if (other !== holder) log.info(`waiting for ${other ?? 'another primosync'} to end its tick`)
  return await acquireLease(warehouse, holder, { patienceMs: PATIENCE_MS, signal })
}

/** Asking does not wait longer than a minute for a migration, its own or another process's. */
async function withinPatience(preparing: Promise<void>): Promise<void> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), PATIENCE_MS)
  try {
    await unlessStopped(preparing, limit.signal)
  } catch (error) {
    if (error !== limit.signal.reason) throw error
    preparing.catch(() => {}) // the next tick tries again, and gets the error
    throw new DatabaseAwayError('The schema has not been ready for a minute.')
  } finally {
    clearTimeout(timer)
  }
}

function chosen(targets: Target[], { account, categories }: TickRequest): Target[] {
  const ofAccount = account === undefined ? targets : targets.filter((target) => target.account === account)
  if (categories === undefined) return ofAccount
  const missing = categories.filter((name) => !ofAccount.some(({ category }) => category === name))
  if (missing.length > 0) {
    const names = missing.map((name) => JSON.stringify(name)).join(', ')
    throw new UsageError(`There is no active category ${names}.`, {
      hint: 'List them with: primosync category list',
    })
  }
  return ofAccount.filter(({ category }) => categories.includes(category))
}

/** Writes the run's row, and marks runs whose process died. False: another process ran the tick of that instant. */
async function announce({ warehouse, log }: TickDeps, run: RunRecord): Promise<boolean> {
  const abandoned = await abandonRuns(warehouse.db)
  if (abandoned > 0) log.warn({ runs: abandoned }, 'marked runs whose process died as abandoned')
  return (await beginRun(warehouse.db, run)) !== null
}

async function askAndStore(
  deps: TickDeps,
  { lease, run, targets }: Opened,
  signal: AbortSignal,
): Promise<TickReport> {
  const { accounts, spool, log } = deps
  const segment = spool.create(run.key)
  const { replayGraceMs } = deps
  const loop = new StoringLoop(deps, lease, segment, { runKey: run.key, replayGraceMs, stop: signal })
  const unkept: SpoolRecord[] = []
  const ending = new AbortController()
  let problem: unknown = null
  // What the spool cannot take is stored in the database only, and asking stops.
  const keep = async (record: SpoolRecord) => {
    try {
      await segment.append(record)
      loop.storeSoon()
    } catch (error) {
      unkept.push(record)
      problem ??= error
      ending.abort(error)
    }
  }
  try {
    await keep(run)
    problem ??= await lackOfRoom(spool, loop, targets.length)
    const stop = AbortSignal.any([signal, ending.signal])
    const { failed, rejected } = problem
      ? { failed: targets.length, rejected: 0 }
      : await askAll(accounts, targets, log, stop, keep)
    const status = statusOf(targets.length, failed + rejected)
    await keep({ kind: 'finished', at: Date.now(), status, failed })
    const { waiting, ...counts } = await loop.finish(unkept)
    if (!waiting) await spool.remove(segment.path)
    if (problem) {
      tellOfLost(log, waiting ? unkept : [])
      throw problem
    }
    return {
      // An answer that is rejected only when it is stored counts as rejected, too.
      run: run.key,
      status: statusOf(targets.length, failed + Math.max(rejected, counts.rejected)),
      categories: targets.length,
      failed,
      ...counts,
      waiting,
      durationMs: Date.now() - run.startedAt,
    }
  } finally {
    await segment.close()
  }
}

/** The error if there is no room in the spool, even after storing what waits. */
async function lackOfRoom(spool: Spool, loop: StoringLoop, categories: number): Promise<unknown> {
  if ((await spool.lackOfRoom(categories)) === null) return null
  await loop.settle()
  return await spool.lackOfRoom(categories)
}

function tellOfLost(log: Logger, unkept: readonly SpoolRecord[]): void {
  const answers = unkept.filter(({ kind }) => kind === 'answer' || kind === 'rejected').length
  if (answers > 0)
    log.fatal({ answers }, 'answers are lost: neither the spool nor the database could take them')
}
