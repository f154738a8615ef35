// Records that the database refuses while it takes others: each is found and kept in a file of its own, so that it is in
// no other's way. They are tried again every hour.
import { v7 as uuidv7 } from 'uuid'
import type { Calendar } from '../counters/calendar.ts'
import { reasonOf } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { SpoolRecord } from '../spool/records.ts'
import type { Spool } from '../spool/spool.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import { LeaseLostError } from '../warehouse/lease.ts'
import type { Transaction } from '../warehouse/pool.ts'
import { storeProbe } from '../warehouse/probe.ts'
import { addToRun, NO_COUNTS, type RunCounts, sumOfCounts } from '../warehouse/runs.ts'
import { type Batch, storeRecords } from '../warehouse/store-records.ts'

const RETRY_AFTER_MS = 3_600_000

/** Whether a record may be the reason of a failure to store several. */
export function mayBeOfARecord(error: unknown): boolean {
  return !isDatabaseAway(error) && !(error instanceof LeaseLostError)
}

export interface Refused {
  readonly record: SpoolRecord
  readonly reason: string
}

/**
 * Stores the records of a batch that the database takes, after storing all of them at once has failed with `error`.
 * Rejects with that error if the database does not take a record made up for the purpose either: then none of them is
 * the reason. Calls `keep` with the others before it counts them as rejected.
 */
export async function storeAllButRefused(
  tx: Transaction,
  calendar: Calendar,
  batch: Batch,
  error: unknown,
  keep: (refused: readonly Refused[]) => Promise<void>,
): Promise<RunCounts> {
  const probed = await inSavepoint(tx, () => storeProbe(tx, calendar, batch.runId), true)
  if (!probed.ok) throw error
  const refused: Refused[] = []
  const counts = await storeInParts(tx, calendar, batch, refused)
  if (refused.length === 0) return counts
  await keep(refused)
  const rejected = refused.filter(
    ({ record }) => record.kind === 'answer' || record.kind === 'rejected',
  ).length
  await addToRun(tx.db, batch.runId, { ...NO_COUNTS, rejected })
  return { ...counts, rejected: counts.rejected + rejected }
}

async function storeInParts(
  tx: Transaction,
  calendar: Calendar,
  batch: Batch,
  refused: Refused[],
): Promise<RunCounts> {
  const { records } = batch
  const stored = await inSavepoint(tx, () => storeRecords(tx, calendar, batch), false)
  if (stored.ok) return stored.value
  if (!mayBeOfARecord(stored.error)) throw stored.error
  if (records.length === 1) {
    refused.push({ record: records[0]!, reason: reasonOf(stored.error) })
    return NO_COUNTS
  }
  const half = records.length >> 1
  const parts = [records.slice(0, half), records.slice(half)]
  let counts = NO_COUNTS
  for (const part of parts)
    counts = sumOfCounts(counts, await storeInParts(tx, calendar, { ...batch, records: part }, refused))
  return counts
}

type Tried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

/** What `work` did stays unless it fails, or `isUndone`. */
async function inSavepoint<T>(
  { connection }: Transaction,
  work: () => Promise<T>,
  isUndone: boolean,
): Promise<Tried<T>> {
  await connection.query('savepoint part')
  try {
    const value = await work()
    await connection.query(isUndone ? 'rollback to savepoint part' : 'release savepoint part')
    return { ok: true, value }
  } catch (error) {
    await connection.query('rollback to savepoint part')
    return { ok: false, error }
  }
}

/** Puts the records that were refused an hour ago or earlier back among those that wait. */
export async function retryRefused(spool: Spool, log: Logger): Promise<void> {
  for (const { path, changedAt } of await spool.listSetAside()) {
    if (Date.now() - changedAt < RETRY_AFTER_MS) continue
    await spool.putBack(path, uuidv7())
    log.info({ file: path }, 'Records that the database refused are tried again.')
  }
}
