// One tick: asks for every active category, keeps each answer in the spool the moment it arrives, and stores
// the spool in the warehouse meanwhile. Safe to run twice, and safe to kill between any two lines.
import { randomUUIDv7 } from 'node:crypto'
import { PrimosyncError, reasonOf, UsageError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import { ApiError } from '../primotexto/api-error.ts'
import type { Client, FetchStats } from '../primotexto/client.ts'
import type { FinishedRecord, Outcome, RunRecord, Trigger } from '../spool/records.ts'
import type { Spool } from '../spool/spool.ts'
import { asAway, isDatabaseAway } from '../warehouse/away.ts'
import { acquireLease, type Lease, leaseHolder } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { abandonRuns, beginRun } from '../warehouse/runs.ts'
import { StoringLoop } from './storing-loop.ts'
import { type Listed, readTargets, rememberedTargets, type Target } from './targets.ts'

/** How long a tick waits for another one, of this or another process, to end. */
const PATIENCE_MS = 60_000

export interface Account extends Listed {
  readonly client: Client
}

export interface TickDeps {
  readonly accounts: readonly Account[]
  readonly warehouse: Warehouse
  readonly spool: Spool
  readonly timezone: string
  /** Names this process to others: host and process id. */
  readonly holder: string
  /** Brings schema and zone into order before the first use; rejects while the database is away. */
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
  readonly status: FinishedRecord['status']
  readonly categories: number
  readonly stored: number
  readonly failed: number
  readonly rejected: number
  readonly late: number
  /** Answers that wait in the spool because the database could not take them. */
  readonly waiting: boolean
  readonly durationMs: number
}

/**
 * Runs one tick. Null where there was nothing to do: the tick of that instant was run by another process.
 * Rejects where another process was busy for too long, or nothing can be kept. While the database is away it
 * asks all the same, and what it was told waits in the spool.
 */
export async function tick(
  deps: TickDeps,
  request: TickRequest,
  signal: AbortSignal,
): Promise<TickReport | null> {
  const startedAt = Date.now()
  const lease = await takeTurn(deps, signal)
  try {
    const targets = chosen(await findTargets(deps, lease), request)
    const run: RunRecord = {
      ...{ kind: 'run', key: randomUUIDv7(), account: request.account ?? null, trigger: request.trigger },
      ...{ scheduledAt: request.scheduledAt, startedAt, categories: targets.length },
    }
    if (lease && !(await announce(deps, run))) return null
    return await askAndStore(deps, lease, run, targets, signal)
  } finally {
    await lease?.release()
  }
}

/** The lease; null where the database is away. */
async function takeTurn(
  { warehouse, holder, log, prepare }: TickDeps,
  signal: AbortSignal,
): Promise<Lease | null> {
  try {
    await prepare()
    const lease = await acquireLease(warehouse, holder, { patienceMs: PATIENCE_MS, signal })
    if (lease) return lease
    const other = await leaseHolder(warehouse.db)
    throw new PrimosyncError(`Another primosync (${other ?? 'unknown'}) has been at it for a minute.`, {
      hint: 'It goes on alone; this tick is left out.',
    })
  } catch (error) {
    if (!isDatabaseAway(error)) throw error
    log.warn(`${reasonOf(asAway(error))} Asking goes on; the answers wait in the spool.`)
    return null
  }
}

async function findTargets({ warehouse, accounts, spool }: TickDeps, lease: Lease | null): Promise<Target[]> {
  if (lease) return await readTargets(warehouse, accounts, spool.folder)
  return await rememberedTargets(accounts, spool.folder)
}

function chosen(targets: Target[], { account, categories }: TickRequest): Target[] {
  const ofAccount = account === undefined ? targets : targets.filter((target) => target.account === account)
  if (categories === undefined) return ofAccount
  const missing = categories.filter((name) => !ofAccount.some(({ category }) => category === name))
  if (missing.length > 0) {
    throw new UsageError(
      `There is no active category ${missing.map((name) => JSON.stringify(name)).join(', ')}.`,
      {
        hint: 'List them with: primosync category list',
      },
    )
  }
  return ofAccount.filter(({ category }) => categories.includes(category))
}

/** Writes the run's row, and those of runs that died. False: somebody else ran the tick of that instant. */
async function announce({ warehouse, log }: TickDeps, run: RunRecord): Promise<boolean> {
  const abandoned = await abandonRuns(warehouse.db)
  if (abandoned > 0) log.warn({ runs: abandoned }, 'marked runs whose process died as abandoned')
  return (await beginRun(warehouse.db, run)) !== null
}

async function askAndStore(
  deps: TickDeps,
  lease: Lease | null,
  run: RunRecord,
  targets: Target[],
  signal: AbortSignal,
): Promise<TickReport> {
  const segment = await deps.spool.create(run.key)
  const loop = new StoringLoop(deps, lease, segment, run.key)
  try {
    await segment.append(run)
    const failed = await askAll(deps, targets, signal, async (outcome) => {
      await segment.append(outcome)
      loop.poke()
    })
    const status = failed === 0 ? 'ok' : failed < targets.length ? 'partial' : 'failed'
    await segment.append({ kind: 'finished', at: Date.now(), status, failed })
    const { waiting, ...counts } = await loop.finish()
    if (!waiting) await deps.spool.remove(segment.path)
    return {
      run: run.key,
      status,
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

/** Asks for all targets, hands each outcome to `keep`, and gives how many failed or were not asked. */
async function askAll(
  { accounts, log }: TickDeps,
  targets: Target[],
  signal: AbortSignal,
  keep: (outcome: Outcome) => Promise<void>,
): Promise<number> {
  const runs = new Map(accounts.map(({ name, client }) => [name, client.run(signal)]))
  const kept = targets.map(async (target) => {
    const outcome = await ask(runs.get(target.account)!, target)
    if (outcome === null) return false
    if (outcome.kind === 'failure') {
      log.error({ account: target.account, category: target.category, class: outcome.class }, outcome.message)
    }
    await keep(outcome)
    return outcome.kind !== 'failure'
  })
  const settled = await Promise.allSettled(kept)
  const broken = settled.find((result) => result.status === 'rejected')
  if (broken) throw broken.reason
  return settled.filter((result) => result.status === 'fulfilled' && !result.value).length
}

/** Null where the category was not asked, because of a stop or because its account was refused before. */
async function ask(fetchStats: FetchStats, { account, category }: Target): Promise<Outcome | null> {
  try {
    const { observedAt, result } = await fetchStats(category)
    if (result.kind === 'reading')
      return { kind: 'answer', account, category, at: observedAt, ...result.reading }
    return { kind: 'rejected', account, category, at: observedAt, reason: result.reason, body: result.body }
  } catch (error) {
    if (!(error instanceof ApiError)) return null
    if (error.attempts === 0) return null
    const { class: errorClass, httpStatus, apiCode, attempts, message } = error
    return {
      kind: 'failure',
      account,
      category,
      at: Date.now(),
      class: errorClass,
      httpStatus,
      apiCode,
      attempts,
      message,
    }
  }
}
