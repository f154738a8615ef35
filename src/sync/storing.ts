// From the spool to the warehouse: each batch of a segment in one transaction, together with how far the segment is
// stored. A replay that is killed at any point therefore goes on where it was, and stores nothing twice.
import type { Logger } from '../logging.ts'
import { readRecords, readTail } from '../spool/read.ts'
import { type RunRecord, runStartedAt, type SpoolRecord } from '../spool/records.ts'
import type { Segment } from '../spool/segment.ts'
import type { Spool, WaitingSegment } from '../spool/spool.ts'
import { calendarFor, holdTimezone } from '../warehouse/calendar.ts'
import type { Lease } from '../warehouse/lease.ts'
import type { Transaction, Warehouse } from '../warehouse/pool.ts'
import { advanceRun, beginRun, findRun, NO_COUNTS, type RunCounts, sumOfCounts } from '../warehouse/runs.ts'
import { answersOf, type Replay, storeRecords } from '../warehouse/store-records.ts'
import { mayBeOfARecord, type Refused, retryRefused, storeAllButRefused } from './unstorable.ts'

/** The process of a segment counts as dead after this time without a write. It is longer than any request takes. */
const ORPHANED_MS = 15 * 60_000

export interface Storing {
  readonly warehouse: Warehouse
  readonly timezone: string
  readonly spool: Spool
  readonly lease: Lease
  readonly log: Logger
}

/** Called after each committed transaction, so that what it stored counts even if a later one fails. */
export type OnStored = (counts: RunCounts) => void

/** Stores the part of a segment that is on the disk, for a run that is under way. */
export async function storeLive(
  storing: Storing,
  segment: Segment,
  runKey: string,
  onStored: OnStored,
): Promise<void> {
  await storeSegment(storing, { path: segment.path, runKey, live: segment, replay: null }, onStored)
}

/** Stores the last records of a run under way, which the spool could not take. Safe to repeat. */
export async function storeUnkept(
  { warehouse, timezone, lease }: Storing,
  runKey: string,
  records: readonly SpoolRecord[],
  onStored: OnStored,
): Promise<void> {
  const calendar = await calendarFor(
    warehouse,
    answersOf(records).map(({ at }) => at),
  )
  const counts = await warehouse.transaction(async (tx) => {
    await lease.hold(tx)
    await holdTimezone(tx.db, timezone)
    const run = await findRun(tx.db, runKey)
    if (run === null || run.isFinished) return NO_COUNTS
    return await storeRecords(tx, calendar, { runId: run.id, records, replay: null })
  })
  onStored(counts)
}

export interface WaitingOptions {
  /** The run whose row counts what is stored. */
  readonly replay: Replay
  /** The run that is under way, whose segment is not touched. */
  readonly except?: string
  /** After an abort the rest stays in the spool. */
  readonly stop: AbortSignal
  readonly onStored: OnStored
}

/**
 * Stores the segments that earlier runs left, oldest first, and removes them. A segment that cannot be stored does
 * not keep the others from being stored. Returns how many cannot be.
 */
export async function storeWaiting(
  storing: Storing,
  { replay, except, stop, onStored }: WaitingOptions,
): Promise<number> {
  const { spool, log } = storing
  let counts = NO_COUNTS
  let unstorable = 0
  const addStored = (stored: RunCounts) => {
    counts = sumOfCounts(counts, stored)
    onStored(stored)
  }
  await retryRefused(spool, log).catch((err) => log.error({ err }, 'Refused records cannot be tried again.'))
  const segments = await spool.list().catch((err) => {
    unstorable += 1
    log.error({ err, folder: spool.folder }, 'The spool cannot be read.')
    return []
  })
  for (const segment of segments) {
    if (stop.aborted) break
    if (segment.runKey === except) continue
    try {
      await storeSegment(storing, { ...segment, live: null, replay }, addStored, stop)
      if (!stop.aborted) await removeIfOver(storing, segment)
    } catch (error) {
      if (!isOfFile(error)) throw error
      unstorable += 1
      if (unstorable === 1)
        log.error(
          { segment: segment.path, err: error },
          'A segment of the spool cannot be stored. It stays there.',
        )
    }
  }
  if (unstorable > 1)
    log.error(
      { segments: unstorable },
      'Several segments of the spool cannot be stored. The first is logged above.',
    )
  if (counts.stored + counts.rejected > 0) log.info(counts, 'Stored the answers that waited in the spool.')
  return unstorable
}

/** An error of the database concerns all segments; one of a file its segment alone. */
const isOfFile = (error: unknown) => typeof (error as NodeJS.ErrnoException).path === 'string'

/** Removes a stored segment once nothing more can be added to it. An incomplete last line is set aside. */
async function removeIfOver({ warehouse, spool, log }: Storing, segment: WaitingSegment): Promise<void> {
  const run = await findRun(warehouse.db, segment.runKey)
  if (!run?.isFinished) {
    // Listed again, because storing the segments before it may have taken long.
    const [now] = (await spool.list()).filter(({ runKey }) => runKey === segment.runKey)
    if (now && Date.now() - now.changedAt < ORPHANED_MS) return
    const from = run?.spooledBytes ?? 0
    const tail = await readTail(segment.path, from)
    if (tail.length > 0) {
      const file = await spool.setAside(segment.runKey, from, [tail])
      log.error({ file }, 'The last line of a segment of the spool is incomplete. It is set aside.')
    }
  }
  await spool.remove(segment.path)
}

interface Source {
  readonly path: string
  readonly runKey: string
  /** The segment itself if its run is under way in this process; else null. */
  readonly live: Segment | null
  readonly replay: Replay | null
}

async function storeSegment(
  storing: Storing,
  { path, runKey, live, replay }: Source,
  onStored: OnStored,
  stop?: AbortSignal,
): Promise<void> {
  const { warehouse, spool, log } = storing
  while (!stop?.aborted) {
    const from = (await findRun(warehouse.db, runKey))?.spooledBytes ?? 0
    const { records, damaged, endBytes: to } = await readRecords(path, from, live?.durableBytes)
    if (to === from) return
    if (damaged.length > 0) {
      const file = await spool.setAside(runKey, from, damaged)
      log.error({ file, lines: damaged.length }, 'Damaged lines of the spool are set aside.')
    }
    onStored(await storeOrSetAside(storing, runKey, { records, from, to }, replay))
  }
}

/** Where a batch cannot be stored, each record that the database takes is stored, and the others are set aside. */
async function storeOrSetAside(
  storing: Storing,
  runKey: string,
  part: Part,
  replay: Replay | null,
): Promise<RunCounts> {
  try {
    return await storeBatch(storing, runKey, part, replay, storeRecords)
  } catch (error) {
    if (!mayBeOfARecord(error)) throw error
    const { spool, log } = storing
    return await storeBatch(storing, runKey, part, replay, (tx, calendar, batch) =>
      storeAllButRefused(tx, calendar, batch, error, async (refused) => {
        const file = await spool.keepRefused(runKey, part.from, asRunOfItsOwn(runKey, refused))
        const facts = { file, records: refused.length, reason: refused[0]!.reason }
        log.error(facts, 'Records that the database refuses are set aside. They are tried again every hour.')
      }),
    )
  }
}

function asRunOfItsOwn(key: string, refused: readonly Refused[]): SpoolRecord[] {
  const outcomes = refused
    .map(({ record }) => record)
    .filter(({ kind }) => kind !== 'run' && kind !== 'finished')
  return [lostRun(key), ...outcomes, { kind: 'finished', at: Date.now(), status: 'ok', failed: 0 }]
}

/** Records of a segment, and where they begin and end in it. */
interface Part {
  readonly records: readonly SpoolRecord[]
  readonly from: number
  readonly to: number
}

async function storeBatch(
  { warehouse, timezone, lease }: Storing,
  runKey: string,
  { records, from, to }: Part,
  replay: Replay | null,
  store: typeof storeRecords,
): Promise<RunCounts> {
  const calendar = await calendarFor(
    warehouse,
    answersOf(records).map(({ at }) => at),
  )
  return await warehouse.transaction(async (tx) => {
    await lease.hold(tx)
    await holdTimezone(tx.db, timezone)
    if (from === 0) await ensureRun(tx, records, runKey, replay ? 'abandoned' : 'running')
    const runId = await advanceRun(tx.db, runKey, from, to)
    if (runId === null) return NO_COUNTS // another process has stored it
    return await store(tx, calendar, { runId, records, replay })
  })
}

/**
 * Writes the row of a run that has none, because the database was away when it began, or a backup was restored since.
 * The row of a run that waited is `abandoned` until its last record is stored.
 */
async function ensureRun(
  { db }: Transaction,
  records: readonly SpoolRecord[],
  runKey: string,
  status: 'abandoned' | 'running',
): Promise<void> {
  // The key of the segment counts: refused records that are tried again have a new one.
  const run = { ...(records.find((record) => record.kind === 'run') ?? lostRun(runKey)), key: runKey }
  if ((await beginRun(db, run, status)) !== null) return
  // Another host ran the tick of that instant while this one could not reach the database.
  await beginRun(db, { ...run, scheduledAt: null }, status)
}

/** Returns the run of a segment whose first line is damaged, or of refused records. Its key contains when it began. */
function lostRun(key: string): RunRecord {
  const startedAt = runStartedAt(key)
  return { kind: 'run', key, account: null, trigger: 'replay', scheduledAt: null, startedAt, categories: 0 }
}
