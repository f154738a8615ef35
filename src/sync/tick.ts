// One tick: asks for every active category, writes each answer to the spool when it arrives, and stores the spool in
// the warehouse meanwhile. Safe to run twice, and to kill at any point.

import { v7 as uuidv7 } from 'uuid'
import { DatabaseAwayError, reasonOf, sentence, UsageError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import { PROGRAM } from '../own-command.ts'
import type { Client } from '../primotexto/client.ts'
import type { FinishedRecord, RunRecord, SpoolRecord, Trigger } from '../spool/records.ts'
import type { Spool } from '../spool/spool.ts'
import { unlessStopped } from '../stopping.ts'
import { asStoringProblem } from '../warehouse/away.ts'
import { acquireLease, type Lease, leaseHolder } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { abandonRuns, beginRun, isBegun, statusOf } from '../warehouse/runs.ts'
import { prune } from '../warehouse/series/prune.ts'
import { type AskedAccount, askAll, type Refusal } from './asking.ts'
import { StoringLoop } from './storing-loop.ts'
import { type Listed, readTargets, rememberedTargets, rememberOutcomes, type Target } from './targets.ts'

/** A shorter wait for the lease is not logged. */
const MOMENT_MS = 1_000
/** How long a tick waits for the lease, which a tick of another process may hold. */
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
  /** Whether ticks also ask for the totals of each account itself; one for some categories only does not. */
  readonly accountStats: boolean
  readonly timezone: string
  /** How this process is named to others: host and process id. */
  readonly holder: string
  /** Migrates the schema and sets the time zone where that is needed. Rejects while it cannot be done. */
  prepare(): Promise<void>
  readonly log: Logger
}

export interface TickRequest {
  readonly trigger: Trigger
  /** The instant of the schedule that is due, epoch milliseconds; null for a tick outside the schedule. */
  readonly scheduledAt: number | null
  /** Limits the tick to this account, and to these categories. */
  readonly account?: string | undefined
  readonly categories?: readonly string[] | undefined
}

export interface TickReport {
  readonly run: string
  /** `ok`: every category has a reading. `failed`: none has. `partial`: some have. */
  readonly status: FinishedRecord['status']
  readonly categories: number
  readonly stored: number
  readonly failed: number
  /** The accounts that the provider refused, which ended their part of the run. */
  readonly refused: readonly Refusal[]
  readonly rejected: number
  /** How many snapshots of earlier runs waited in the spool and were stored by this one. */
  readonly late: number
  /** True if answers wait in the spool, because the database could not take them. */
  readonly waiting: boolean
  /** Why they wait, in a sentence; null: nothing waits, or only what an earlier run left. */
  readonly problem: string | null
  readonly durationMs: number
}

/** A run that may begin. */
interface Opened {
  /** Null: the database cannot be used, or another process holds the lease; everything waits in the spool. */
  readonly lease: Lease | null
  /** Why there is no lease; null if there is one. */
  readonly problem: string | null
  readonly run: RunRecord
  readonly targets: readonly Target[]
  readonly accounts: readonly AskedAccount[]
}

/**
 * Runs one tick. Resolves to null if another process ran the tick of that instant. Whatever the storing side says, or
 * if another process holds the lease for more than a minute, it still asks, and the answers wait in the spool. After
 * `signal` is aborted it asks for nothing more, and ends within seconds. Rejects if the spool cannot be written, with a
 * UsageError (a category in `request` is not active, another reporting zone), or if it is stopped before it begins.
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
    await releaseLease(opened.lease, signal)
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
    if (await announce(deps, run))
      return { lease, problem: null, run, targets, accounts: askedAccounts(deps, request) }
    await releaseLease(lease, signal)
    return null
  }
  try {
    return await unlessStopped(open(), signal, OPEN_GRACE_MS)
  } catch (error) {
    if (error instanceof UsageError || signal.aborted) {
      await releaseLease(lease, signal)
      throw signal.aborted ? signal.reason : error
    }
    void lease?.release() // not waited for: the database may be away
    const { message: problem, hint } = asStoringProblem(error)
    log.warn(hint === null ? {} : { hint }, `${problem} Asking goes on, and the answers wait in the spool.`)
    const targets = chosen(await rememberedTargets(accounts, spool.folder), request)
    return { lease: null, problem, run: runOf(targets), targets, accounts: askedAccounts(deps, request) }
  }
}

async function releaseLease(lease: Lease | null, signal: AbortSignal): Promise<void> {
  if (lease) await unlessStopped(lease.release(), signal, RELEASE_GRACE_MS).catch(() => {})
}

function runBeginner({ accounts }: TickDeps, request: TickRequest): (targets: Target[]) => RunRecord {
  const { trigger, scheduledAt } = request
  // Limited to a sole account, because a process with another account may run a tick at the same instant.
  const account = request.account ?? (accounts.length === 1 ? accounts[0]!.name : null)
  const begun = { key: uuidv7(), account, trigger, scheduledAt, startedAt: Date.now() }
  return (targets) => ({ kind: 'run', ...begun, categories: targets.length })
}

/** Removes old snapshots. Does not fail the tick: a later one goes on. */
async function pruneOld({ warehouse, retentionMs, log }: TickDeps, signal: AbortSignal): Promise<void> {
  if (retentionMs === null || signal.aborted) return
  try {
    // A stop ends the wait, and the next tick goes on.
    const pruned = await unlessStopped(prune(warehouse, Date.now() - retentionMs), signal, PRUNE_GRACE_MS)
    if (pruned.snapshots > 0)
      log.info(pruned, 'Removed the snapshots that are older than SNAPSHOT_RETENTION.')
  } catch (error) {
    log.warn(sentence(`Old snapshots were not removed: ${reasonOf(error)}`))
  }
}

/** Acquires the lease. Null if another process held it for longer than a tick waits. */
async function takeTurn({ warehouse, holder, log }: TickDeps, signal: AbortSignal): Promise<Lease | null> {
  const atOnce = await acquireLease(warehouse, holder, { patienceMs: MOMENT_MS, signal })
  if (atOnce) return atOnce
  // Logged, because the lease of a killed process expires only after half a minute.
  const other = await leaseHolder(warehouse.db)
  if (other !== holder) log.info(`Waiting for ${other ?? 'another primosync'} to finish its tick.`)
  return await acquireLease(warehouse, holder, { patienceMs: PATIENCE_MS, signal })
}

/** Limits the wait for a migration, of this or another process, so that asking begins after a minute at most. */
async function withinPatience(preparing: Promise<void>): Promise<void> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), PATIENCE_MS)
  try {
    await unlessStopped(preparing, limit.signal)
  } catch (error) {
    if (error !== limit.signal.reason) throw error
    preparing.catch(() => {}) // the next tick prepares again, and reports the error
    throw new DatabaseAwayError('The schema has not been ready for a minute.')
  } finally {
    clearTimeout(timer)
  }
}

function askedAccounts({ accounts, accountStats }: TickDeps, request: TickRequest): AskedAccount[] {
  return accounts.map(({ name, client }) => ({
    name,
    client,
    isAsked:
      accountStats &&
      request.categories === undefined &&
      (request.account === undefined || request.account === name),
  }))
}

function chosen(targets: Target[], { account, categories }: TickRequest): Target[] {
  const ofAccount = account === undefined ? targets : targets.filter((target) => target.account === account)
  if (categories === undefined) return ofAccount
  const missing = categories.filter((name) => !ofAccount.some(({ category }) => category === name))
  if (missing.length > 0) {
    const names = missing.map((name) => JSON.stringify(name)).join(', ')
    throw new UsageError(`There is no active category ${names}.`, {
      hint: `List them with: ${PROGRAM} category list`,
    })
  }
  return ofAccount.filter(({ category }) => categories.includes(category))
}

/** Writes the run's row, and marks runs whose process died. False if another process ran the tick of that instant. */
async function announce({ warehouse, log }: TickDeps, run: RunRecord): Promise<boolean> {
  const abandoned = await abandonRuns(warehouse.db)
  if (abandoned > 0) log.warn({ runs: abandoned }, 'Marked the runs whose process died as abandoned.')
  return (await beginRun(warehouse.db, run)) !== null
}

async function askAndStore(
  deps: TickDeps,
  { lease, problem: notOpened, run, targets, accounts }: Opened,
  signal: AbortSignal,
): Promise<TickReport> {
  const { spool, log } = deps
  const segment = spool.create(run.key)
  const { replayGraceMs } = deps
  const loop = new StoringLoop(deps, lease, segment, { runKey: run.key, replayGraceMs, stop: signal })
  const unkept: SpoolRecord[] = []
  const ending = new AbortController()
  let problem: unknown = null
  // If the spool cannot take a record, it goes to the database only, and asking stops.
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
    const { failed, rejected, refused, asked } = problem
      ? { failed: targets.length, rejected: 0, refused: [], asked: [] }
      : await askAll(accounts, targets, log, stop, keep)
    await rememberOutcomes(spool.folder, asked)
    const status = statusOf(targets.length, failed + rejected)
    await keep({ kind: 'finished', at: Date.now(), status, failed })
    const { waiting, problem: notStored, ...counts } = await loop.finish(unkept)
    if (!waiting) await spool.remove(segment.path)
    if (problem) {
      logLost(log, waiting ? unkept : [])
      throw problem
    }
    return {
      run: run.key,
      // The larger number, as an answer may be rejected only when it is stored.
      status: statusOf(targets.length, failed + Math.max(rejected, counts.rejected)),
      categories: targets.length,
      failed,
      refused,
      ...counts,
      waiting,
      problem: notOpened ?? notStored,
      durationMs: Date.now() - run.startedAt,
    }
  } finally {
    await segment.close()
  }
}

/** Returns the error if the spool has no room, even after storing what waits. */
async function lackOfRoom(spool: Spool, loop: StoringLoop, categories: number): Promise<unknown> {
  if ((await spool.lackOfRoom(categories)) === null) return null
  await loop.settle()
  return await spool.lackOfRoom(categories)
}

function logLost(log: Logger, unkept: readonly SpoolRecord[]): void {
  const answers = unkept.filter(({ kind }) => kind === 'answer' || kind === 'rejected').length
  if (answers > 0)
    log.fatal({ answers }, 'Answers are lost: neither the spool nor the database could store them.')
}
