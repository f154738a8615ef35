// From the spool to the warehouse: each stretch of a segment in one transaction, together with how far the
// segment is stored. So a replay that is killed at any point goes on where it was, and stores nothing twice.
import type { Calendar } from '../counters/calendar.ts'
import { readingText } from '../counters/reading-text.ts'
import type { Logger } from '../logging.ts'
import type { AnswerRecord, FailureRecord, RejectedRecord, RunRecord, SpoolRecord } from '../spool/records.ts'
import { readStretch, type Segment } from '../spool/segment.ts'
import type { Spool, WaitingSegment } from '../spool/spool.ts'
import { asAway } from '../warehouse/away.ts'
import { holdTimezone, loadCalendar } from '../warehouse/calendar.ts'
import type { Lease } from '../warehouse/lease.ts'
import type { Transaction, Warehouse } from '../warehouse/pool.ts'
import { type Arrival, recordSnapshots } from '../warehouse/record.ts'
import { addCategories } from '../warehouse/registry.ts'
import {
  addToRun,
  advanceRun,
  beginRun,
  finishRun,
  type RunCounts,
  readSpooledBytes,
} from '../warehouse/runs.ts'

/** A segment that nobody has written to for so long has lost its process. */
const ORPHANED_MS = 15 * 60_000

export interface Storing {
  readonly warehouse: Warehouse
  readonly timezone: string
  readonly spool: Spool
  readonly lease: Lease
  readonly log: Logger
}

export interface StoredSegment extends RunCounts {
  /** Whether the segment's last record, that of the finished run, is stored. */
  readonly finished: boolean
}

const NOTHING: StoredSegment = { stored: 0, rejected: 0, late: 0, finished: false }

/** Stores what is on the disk of the segment of a run that is under way. */
export async function storeLive(storing: Storing, segment: Segment, runKey: string): Promise<StoredSegment> {
  return await storeSegment(storing, segment.path, runKey, segment)
}

/** Stores the segments that earlier runs left behind, oldest first, and removes them. */
export async function storeWaiting(
  storing: Storing,
  except: string,
): Promise<RunCounts & { segments: number }> {
  const total = { stored: 0, rejected: 0, late: 0, segments: 0 }
  for (const segment of await storing.spool.list()) {
    if (segment.runKey === except) continue
    const { stored, rejected, late, finished } = await storeSegment(
      storing,
      segment.path,
      segment.runKey,
      null,
    )
    total.stored += stored
    total.rejected += rejected
    total.late += late
    total.segments += 1
    if (finished || isOrphaned(segment)) await storing.spool.remove(segment.path)
  }
  return total
}

function isOrphaned({ changedAt }: WaitingSegment): boolean {
  return Date.now() - changedAt > ORPHANED_MS
}

async function storeSegment(
  storing: Storing,
  path: string,
  runKey: string,
  live: Segment | null,
): Promise<StoredSegment> {
  let total = NOTHING
  try {
    for (;;) {
      const startBytes = (await readSpooledBytes(storing.warehouse.db, runKey)) ?? 0
      const { records, damaged, endBytes } = await readStretch(path, startBytes, live?.durableBytes)
      if (endBytes === startBytes) return total
      for (const line of damaged) {
        storing.log.error(
          { segment: path, line: line.slice(0, 200) },
          'a damaged line of the spool is left out',
        )
      }
      const counts = await storeStretch(storing, runKey, { records, startBytes, endBytes }, live !== null)
      total = {
        stored: total.stored + counts.stored,
        rejected: total.rejected + counts.rejected,
        late: total.late + counts.late,
        finished: total.finished || records.some(({ kind }) => kind === 'finished'),
      }
    }
  } catch (error) {
    throw asAway(error)
  }
}

async function storeStretch(
  { warehouse, timezone, lease }: Storing,
  runKey: string,
  { records, startBytes, endBytes }: { records: SpoolRecord[]; startBytes: number; endBytes: number },
  live: boolean,
): Promise<RunCounts> {
  const answers = records.filter((record) => record.kind === 'answer')
  const calendar = await calendarFor(warehouse, answers)
  return await warehouse.transaction(async (tx) => {
    await lease.hold(tx)
    await holdTimezone(tx.db, timezone)
    if (startBytes === 0)
      await beginSpooledRun(tx, records.find((record) => record.kind === 'run') ?? lostRun(runKey))
    const runId = await advanceRun(tx.db, runKey, startBytes, endBytes)
    if (runId === null) return NOTHING // somebody else has stored it
    const ids = await idsOf(tx, records)
    const arrivals = answers.map((answer): Arrival => ({ categoryId: ids(answer), snapshot: answer }))
    const origin = { runId, imported: false }
    const recorded = await recordSnapshots(tx.connection, calendar, arrivals, { origin, live })
    const refused = [
      ...recorded.conflicts.map((arrival) => refusedRow(arrival, 'conflict')),
      ...recorded.fromThePast.map((arrival) => refusedRow(arrival, 'clock')),
      ...records
        .filter((record) => record.kind === 'rejected')
        .map((record) => rejectedRow(ids(record), record)),
    ]
    if (refused.length > 0) {
      await tx.db
        .insertInto('store.rejected')
        .values(refused.map((row) => ({ ...row, run_id: runId })))
        .execute()
    }
    const failures = records
      .filter((record) => record.kind === 'failure')
      .map((record) => failureRow(ids(record), record))
    if (failures.length > 0) {
      await tx.db
        .insertInto('store.failure')
        .values(failures.map((row) => ({ ...row, run_id: runId })))
        .execute()
    }
    const counts = {
      stored: recorded.stored,
      rejected: refused.length,
      late: live ? recorded.late : recorded.stored,
    }
    await addToRun(tx.db, runId, counts)
    const finished = records.find((record) => record.kind === 'finished')
    if (finished) await finishRun(tx.db, runId, finished.status, finished.at, finished.failed)
    return counts
  })
}

async function beginSpooledRun({ db }: Transaction, run: RunRecord): Promise<void> {
  if ((await beginRun(db, run)) !== null) return
  // Another host ran the tick of that instant while this one could not reach the database.
  await beginRun(db, { ...run, scheduledAt: null })
}

/** The run of a segment whose first line is damaged; its key tells when it began (UUIDv7). */
function lostRun(key: string): RunRecord {
  const startedAt = Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)
  return { kind: 'run', key, account: null, trigger: 'replay', scheduledAt: null, startedAt, categories: 0 }
}

const calendars = new WeakMap<Warehouse, Calendar>()

async function calendarFor(warehouse: Warehouse, answers: readonly AnswerRecord[]): Promise<Calendar> {
  const instants = answers.map(({ at }) => at)
  const from = Math.min(Date.now(), ...instants)
  const until = Math.max(Date.now(), ...instants)
  const known = calendars.get(warehouse)
  if (known && known.start <= from && known.end > until + 86_400_000) return known
  const calendar = await loadCalendar(warehouse.db, from, until)
  calendars.set(warehouse, calendar)
  return calendar
}

type Named = { readonly account: string; readonly category: string }

async function idsOf(
  { db }: Transaction,
  records: readonly SpoolRecord[],
): Promise<(record: Named) => number> {
  const ids = new Map<string, ReadonlyMap<string, number>>()
  const named = records.filter((record) => 'category' in record)
  for (const [account, ofAccount] of Map.groupBy(named, (record) => record.account)) {
    ids.set(
      account,
      await addCategories(
        db,
        account,
        ofAccount.map(({ category }) => category),
      ),
    )
  }
  return ({ account, category }) => ids.get(account)!.get(category)!
}

function refusedRow({ categoryId, snapshot }: Arrival, reason: 'conflict' | 'clock') {
  const { at, counters, timespent, extra } = snapshot
  return {
    category_id: categoryId,
    at: new Date(at),
    reason,
    body: readingText({ counters, timespent, extra }),
  }
}

function rejectedRow(categoryId: number, { at, reason, body }: RejectedRecord) {
  return { category_id: categoryId, at: new Date(at), reason, body }
}

function failureRow(categoryId: number, failure: FailureRecord) {
  return {
    category_id: categoryId,
    at: new Date(failure.at),
    class: failure.class,
    http_status: failure.httpStatus,
    api_code: failure.apiCode,
    attempts: failure.attempts,
    message: failure.message,
  }
}
