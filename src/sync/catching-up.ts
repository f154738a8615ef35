// Between ticks: stores what waits in the spool as soon as the database is back, and asks for nothing.
import pRetry from 'p-retry'
import { unlessStopped } from '../stopping.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import { acquireLease, LeaseLostError } from '../warehouse/lease.ts'
import type { RunCounts } from '../warehouse/runs.ts'
import { storeWaiting } from './storing.ts'
import type { TickDeps } from './tick.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000
/** How long after a stop a database that says nothing is waited for. */
const STOP_GRACE_MS = 4_000

/**
 * Tries until all that waits is stored (true) or `signal` is aborted, and tells `onStored` of each transaction.
 * Never rejects; what it cannot store the next tick tries again.
 */
export async function catchUp(
  deps: TickDeps,
  onStored: (counts: RunCounts) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const caughtUp = pRetry(() => storeAll(deps, onStored, signal), {
    ...{ retries: Number.POSITIVE_INFINITY, minTimeout: FIRST_PAUSE_MS, maxTimeout: LONGEST_PAUSE_MS },
    shouldRetry: ({ error }) => isDatabaseAway(error) || error instanceof LeaseLostError,
    signal,
  })
  try {
    await unlessStopped(caughtUp, signal, STOP_GRACE_MS)
    return !signal.aborted
  } catch (error) {
    if (!signal.aborted) deps.log.error({ err: error }, 'what waits in the spool cannot be stored')
    return false
  }
}

async function storeAll(
  { prepare, warehouse, spool, timezone, holder, log }: TickDeps,
  onStored: (counts: RunCounts) => void,
  signal: AbortSignal,
): Promise<void> {
  await prepare()
  // Without a limit: whoever is at work meanwhile may store it for us.
  const turn = { patienceMs: Number.POSITIVE_INFINITY, signal }
  const lease = (await acquireLease(warehouse, holder, turn))!
  try {
    const storing = { warehouse, spool, timezone, lease, log }
    for await (const counts of storeWaiting(storing, null, signal)) onStored(counts)
  } finally {
    await lease.release()
  }
}
