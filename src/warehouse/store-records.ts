// Stores records of the spool: snapshots with what is derived from them, rejected answers, failures, and the counts of
// the run. In a transaction of the caller, which holds the lease.
import { ITSELF } from '../counters/account.ts'
import type { Calendar } from '../counters/calendar.ts'
import { accountReadingText, readingText } from '../counters/reading-text.ts'
import type { AnswerRecord, FailureRecord, RejectedRecord, SpoolRecord } from '../spool/records.ts'
import type { Transaction } from './pool.ts'
import { addCategories } from './registry.ts'
import { addToReplay, addToRun, finishRun, NO_COUNTS, type RunCounts, statusOf } from './runs.ts'
import { InsertSink } from './series/insert-sink.ts'
import { type Arrival, recordSnapshots } from './series/record.ts'

/** The run that counts what is stored late; the snapshots themselves belong to the run that asked. */
export interface Replay {
  readonly key: string
  readonly startedAt: number
}

export interface Batch {
  readonly runId: number
  readonly records: readonly SpoolRecord[]
  /** Null: the answers arrived just now. */
  readonly replay: Replay | null
}

/** Stores the records of one run. A second time it stores no snapshot, but failures and rejected answers anew. */
export async function storeRecords(
  tx: Transaction,
  calendar: Calendar,
  { runId, records, replay }: Batch,
): Promise<RunCounts> {
  const [ofAccounts, ofCategories] = partition(records, isOfAccount)
  const { failed, ...counts } = await storeOutcomes(tx, calendar, { runId, records: ofCategories, replay })
  await storeOutcomes(tx, calendar, { runId, records: ofAccounts, replay }) // a run counts categories only
  const sums = replay ? null : await addToRun(tx.db, runId, { ...counts, failed })
  if (replay) {
    if (counts.stored + counts.rejected > 0) await addToReplay(tx.db, replay, counts)
    if (failed > 0) await addToRun(tx.db, runId, { ...NO_COUNTS, failed })
  }
  const finished = records.find((record) => record.kind === 'finished')
  if (finished) {
    // Answers that are rejected only here count as missing, too.
    const status = sums ? statusOf(sums.categories, finished.failed + sums.rejected) : finished.status
    await finishRun(tx.db, runId, status, finished.at, finished.failed)
  }
  return counts
}

const isOfAccount = (record: SpoolRecord) => 'category' in record && record.category === ITSELF

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

/** Stores what was answered, what was rejected and what failed, and returns how many of each. */
async function storeOutcomes(
  tx: Transaction,
  calendar: Calendar,
  { runId, records, replay }: Batch,
): Promise<RunCounts & { failed: number }> {
  const idOf = await categoryIds(tx, records)
  const arrivals = answersOf(records).map(
    (answer): Arrival => ({ categoryId: idOf(answer), snapshot: answer }),
  )
  const sink = new InsertSink(tx.db, { runId, imported: false })
  const recorded = await recordSnapshots(tx.db, calendar, arrivals, { sink, live: !replay })
  const rejected = [
    ...recorded.conflicts.map((arrival) => refusedRow(runId, arrival, 'conflict')),
    ...recorded.fromThePast.map((arrival) => refusedRow(runId, arrival, 'clock')),
    ...recorded.final.map((arrival) => refusedRow(runId, arrival, 'final')),
    ...records
      .filter((record) => record.kind === 'rejected')
      .map((record) => rejectedRow(runId, idOf(record), record)),
  ]
  if (rejected.length > 0) await tx.db.insertInto('store.rejected').values(rejected).execute()
  const failures = records
    .filter((record) => record.kind === 'failure')
    .map((record) => failureRow(runId, idOf(record), record))
  if (failures.length > 0) await tx.db.insertInto('store.failure').values(failures).execute()
  return {
    stored: recorded.stored,
    rejected: rejected.length,
    late: replay ? recorded.stored : recorded.late,
    failed: failures.length,
  }
}

/** The answers among records. */
export function answersOf(records: readonly SpoolRecord[]): AnswerRecord[] {
  return records.filter((record) => record.kind === 'answer')
}

type Named = { readonly account: string; readonly category: string }

async function categoryIds(
  { db }: Transaction,
  records: readonly SpoolRecord[],
): Promise<(record: Named) => number> {
  const ids = new Map<string, ReadonlyMap<string, number>>()
  const named = records.filter((record) => 'category' in record)
  for (const [account, ofAccount] of Map.groupBy(named, (record) => record.account)) {
    const names = ofAccount.map(({ category }) => category)
    ids.set(account, await addCategories(db, account, names))
  }
  return ({ account, category }) => ids.get(account)!.get(category)!
}

function refusedRow(
  run_id: number,
  { categoryId, snapshot }: Arrival,
  reason: 'conflict' | 'clock' | 'final',
) {
  const { at } = snapshot
  // Arrivals are records of the spool, which name their category.
  const isItself = (snapshot as Partial<AnswerRecord>).category === ITSELF
  const body = isItself ? accountReadingText(snapshot) : readingText(snapshot)
  return { run_id, category_id: categoryId, at: new Date(at), reason, body }
}

function rejectedRow(run_id: number, category_id: number, { at, reason, body }: RejectedRecord) {
  return { run_id, category_id, at: new Date(at), reason, body }
}

function failureRow(run_id: number, category_id: number, failure: FailureRecord) {
  const { at, class: errorClass, httpStatus, apiCode, attempts, message } = failure
  return {
    run_id,
    category_id,
    at: new Date(at),
    class: errorClass,
    http_status: httpStatus,
    api_code: apiCode,
    attempts,
    message,
  }
}
