// From the spool to the warehouse: each stretch of a segment in one transaction, together with how far the
// segment is stored. So a replay that is killed at any point goes on where it was, and stores nothing twice.
import { randomUUIDv7 } from 'node:crypto'
import { UsageError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { RunRecord, SpoolRecord } from '../spool/records.ts'
import type { Segment } from '../spool/segment.ts'
import type { Spool, WaitingSegment } from '../spool/spool.ts'
import { readStretch, readTail } from '../spool/stretch.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import { type Lease, LeaseLostError } from '../warehouse/lease.ts'
import type { Transaction, Warehouse } from '../warehouse/pool.ts'
import { advanceRun, beginRun, findRun, NO_COUNTS, type RunCounts, sumOfCounts } from '../warehouse/runs.ts'
import { calendarFor, type Replay, refuseOtherTimezone, storeRecords } from './store-records.ts'

/** A segment that nobody has written to for so long has lost its process: longer than any request may take. */
const ORPHANED_MS = 15 * 60_000

export interface Storing {
  readonly warehouse: Warehouse
  readonly timezone: string
  readonly spool: Spool
  readonly lease: Lease
  readonly log: Logger
}

/** What each committed transaction stored, so that it counts also where a later one fails. */
export type Stored = AsyncGenerator<RunCounts, void>

/** Stores what is on the disk of the segment of a run that is under way. */
export function storeLive(storing: Storing, segment: Segment, runKey: string): Stored {
  return storeSegment(storing, segment.path, runKey, segment, null)
}

/** Stores records of a run under way that the spool could not take. */
export async function* storeUnkept(
  storing: Storing,
  runKey: string,
  records: readonly SpoolRecord[],
): Stored {
  const { warehouse, timezone, lease } = storing
  const calendar = await calendarFor(warehouse, records)
  yield await warehouse.transaction(async (tx) => {
    await lease.hold(tx)
    await refuseOtherTimezone(tx, timezone)
    const run = await findRun(tx.db, runKey)
    return run ? await storeRecords(tx, calendar, { runId: run.id, records, replay: null }) : NO_COUNTS
  })
}

/**
 * Stores the segments that earlier runs left behind, all but that of the run `except`, oldest first, and removes
 * them. Once `stop` is aborted the rest goes on waiting. What one of them holds cannot keep the others from being stored.
 */
export async function* storeWaiting(storing: Storing, except: string | null, stop: AbortSignal): Stored {
  const replay: Replay = { key: randomUUIDv7(), startedAt: Date.now() }
  let counts = NO_COUNTS
  for (const segment of await storing.spool.list()) {
    if (segment.runKey === except || stop.aborted) continue
    try {
      for await (const stored of storeSegment(storing, segment.path, segment.runKey, null, replay, stop)) {
        counts = sumOfCounts(counts, stored)
        yield stored
      }
      if (!stop.aborted) await removeIfOver(storing, segment)
    } catch (error) {
      if (isDatabaseAway(error) || error instanceof LeaseLostError || error instanceof UsageError) throw error
      storing.log.error(
        { segment: segment.path, err: error },
        'a part of the spool cannot be stored; it goes on waiting',
      )
    }
  }
  if (counts.stored + counts.rejected > 0) storing.log.info(counts, 'stored what waited in the spool')
}

/** Removes a segment that is stored, once it is sure that nothing more comes; half a line left in it is kept. */
async function removeIfOver({ warehouse, spool, log }: Storing, segment: WaitingSegment): Promise<void> {
  const run = await findRun(warehouse.db, segment.runKey)
  if (!run?.isFinished) {
    if (Date.now() - segment.changedAt < ORPHANED_MS) return
    const tail = await readTail(segment.path, run?.spooledBytes ?? 0)
    if (tail.length > 0) {
      const file = await spool.setAside(segment.runKey, [tail])
      log.error(
        { file },
        'the last line of a segment of the spool was not written to its end; it is set aside',
      )
    }
  }
  await spool.remove(segment.path)
}

async function* storeSegment(
  storing: Storing,
  path: string,
  runKey: string,
  live: Segment | null,
  replay: Replay | null,
  stop?: AbortSignal,
): Stored {
  const { warehouse, spool, log } = storing
  for (;;) {
    if (stop?.aborted) return
    const from = (await findRun(warehouse.db, runKey))?.spooledBytes ?? 0
    const { records, damaged, endBytes: to } = await readStretch(path, from, live?.durableBytes)
    if (to === from) return
    if (damaged.length > 0) {
      const file = await spool.setAside(runKey, damaged)
      log.error({ file, lines: damaged.length }, 'damaged lines of the spool are set aside')
    }
    yield await storeStretch(storing, runKey, { records, from, to }, replay)
  }
}

async function storeStretch(
  { warehouse, timezone, lease }: Storing,
  runKey: string,
  { records, from, to }: { records: SpoolRecord[]; from: number; to: number },
  replay: Replay | null,
): Promise<RunCounts> {
  const calendar = await calendarFor(warehouse, records)
  return await warehouse.transaction(async (tx) => {
    await lease.hold(tx)
    await refuseOtherTimezone(tx, timezone)
    if (from === 0) await ensureRun(tx, records, runKey, replay ? 'abandoned' : 'running')
    const runId = await advanceRun(tx.db, runKey, from, to)
    if (runId === null) return NO_COUNTS // somebody else has stored it
    return await storeRecords(tx, calendar, { runId, records, replay })
  })
}

/**
 * The row of a run that was not announced, or whose row is gone (a restored backup). As long as its last record is
 * not stored, the process of a run that waited seems dead.
 */
async function ensureRun(
  { db }: Transaction,
  records: SpoolRecord[],
  runKey: string,
  status: 'abandoned' | 'running',
): Promise<void> {
  const run = records.find((record) => record.kind === 'run') ?? lostRun(runKey)
  if ((await beginRun(db, run, status)) !== null) return
  // Another host ran the tick of that instant while this one could not reach the database.
  await beginRun(db, { ...run, scheduledAt: null }, status)
}

/** The run of a segment whose first line is damaged; its key tells when it began (UUIDv7). */
function lostRun(key: string): RunRecord {
  const startedAt = Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)
  return { kind: 'run', key, account: null, trigger: 'replay', scheduledAt: null, startedAt, categories: 0 }
}
