// Between ticks: stores what waits in the spool as soon as the database is back. Sends no request to the provider.
import { setTimeout as delay } from 'node:timers/promises'
import pRetry from 'p-retry'
import { v7 as uuidv7 } from 'uuid'
import { UsageError } from '../errors.ts'
import { unlessStopped } from '../stopping.ts'
import { asStoringProblem } from '../warehouse/away.ts'
import { acquireLease } from '../warehouse/lease.ts'
import { type OnStored, storeWaiting, type WaitingOptions } from './storing.ts'
import type { TickDeps } from './tick.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000
const SLICE_MS = 2_000
/** Long enough for another process that waits for the lease to try again. */
const TURN_OF_OTHERS_MS = 500
/** How long to wait after a stop for a database that does not answer. */
const STOP_GRACE_MS = 4_000

/**
 * Retries until everything that waits is stored. Resolves to false if a part cannot be stored, or `signal` is aborted;
 * the next tick tries again. Calls `onStored` for each transaction. Never rejects.
 */
export async function catchUp(deps: TickDeps, onStored: OnStored, signal: AbortSignal): Promise<boolean> {
  const caughtUp = pRetry(() => storeAllOrSayWhy(deps, onStored, signal), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_PAUSE_MS,
    maxTimeout: LONGEST_PAUSE_MS,
    shouldRetry: ({ error }) => !(error instanceof UsageError),
    signal,
  })
  try {
    return await unlessStopped(caughtUp, signal, STOP_GRACE_MS)
  } catch (error) {
    if (!signal.aborted)
      deps.log.error({ err: error }, 'The answers in the spool cannot be stored. The next tick tries again.')
    return false
  }
}

/** Rejects with a PrimosyncError, as p-retry would take a TypeError for the last try. */
async function storeAllOrSayWhy(deps: TickDeps, onStored: OnStored, signal: AbortSignal): Promise<boolean> {
  try {
    return await storeAll(deps, onStored, signal)
  } catch (error) {
    throw asStoringProblem(error)
  }
}

/** Stores in slices, between which other processes can take the lease, as a backlog of days takes minutes. */
async function storeAll(deps: TickDeps, onStored: OnStored, signal: AbortSignal): Promise<boolean> {
  const replay = { key: uuidv7(), startedAt: Date.now() }
  while ((await deps.spool.list()).length > 0) {
    const slice = AbortSignal.any([signal, AbortSignal.timeout(SLICE_MS)])
    const unstorable = await storeSlice(deps, { replay, stop: slice, onStored }, signal)
    if (!slice.aborted) return unstorable === 0
    await delay(TURN_OF_OTHERS_MS, undefined, { signal })
  }
  return true
}

async function storeSlice(
  { prepare, warehouse, spool, timezone, holder, log }: TickDeps,
  options: WaitingOptions,
  signal: AbortSignal,
): Promise<number> {
  await prepare()
  // No limit: the process that holds the lease may meanwhile store what waits here.
  const turn = { patienceMs: Number.POSITIVE_INFINITY, signal }
  const lease = (await acquireLease(warehouse, holder, turn))!
  try {
    return await storeWaiting({ warehouse, spool, timezone, lease, log }, options)
  } finally {
    await lease.release()
  }
}
