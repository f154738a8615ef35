// Derives a category's series from some point on: stored and new snapshots, walked and spread by the pure rules of
// counters/. Everything but a plain append at the end is done here.
import { sql } from 'kysely'
import type { Calendar } from '../../counters/calendar.ts'
import { DIP_REACH_MS } from '../../counters/dip.ts'
import type { Snapshot } from '../../counters/names.ts'
import { Spread } from '../../counters/spread.ts'
import type { Decision } from '../../counters/step.ts'
import { Walk, type Walked } from '../../counters/walk.ts'
import type { Db } from '../pool.ts'
import { readEdge } from './prune.ts'
import { readSeries, type StoredSnapshot, sameDelta } from './stored.ts'
import { instantOrStart } from './text.ts'
import { emptyWalkRow, readWalkRows, selectWalkRows, type WalkRow } from './walk-row.ts'
import type { Writer } from './writer.ts'

/** How many snapshots lie between two checkpoints: about two days of five-minute polls. */
export const CHECKPOINT_EVERY = 512
/** How many rows are gathered before they are written, which bounds the memory of a long derivation. */
const FLUSH_ROWS = 4_000
/** How many snapshots are merged at a time. */
const PART_ROWS = 1_000

export interface SeriesContext {
  /** A transaction that holds the category's walk row. */
  readonly db: Db
  readonly calendar: Calendar
  readonly writer: Writer
}

/**
 * Adds `incoming` (ascending, in parts, none of them stored yet) to the series of a category and derives it anew
 * from the earliest point that can have changed: `changedAt` (the first of `incoming`, or a snapshot decided
 * about), or earlier where the dip rule reaches back.
 * `row` is the category's walk row, locked. Writes through the context's writer, which the caller flushes.
 */
export async function deriveSeries(
  context: SeriesContext,
  row: WalkRow,
  changedAt: number,
  incoming: AsyncIterable<readonly Snapshot[]> | Iterable<readonly Snapshot[]>,
): Promise<WalkRow> {
  const start = await findStart(context, row, changedAt)
  if (start !== row) await forgetAfter(context.db, start)
  const stored = readSeries(context.db, row.categoryId, start.newestAt, row.newestAt)
  const isNew = row.newestAt === null // nothing to decide about
  const decisions = isNew ? new Map() : await readDecisions(context.db, start)
  return walkFrom(context, start, decisions, merge(stored, incoming))
}

/** The newest stored state that the change cannot affect. */
async function findStart({ db, calendar }: SeriesContext, row: WalkRow, changedAt: number): Promise<WalkRow> {
  const settledAt = settledUntil(row, changedAt)
  if (row.newestAt === null || settledAt >= row.newestAt) return row
  const edge = (await readEdge(db, row.categoryId)) ?? settledAt // what lies before cannot be derived again
  const query = selectWalkRows(db, 'store.checkpoint')
    .where('category_id', '=', row.categoryId)
    .where('newest_at', '<=', new Date(Math.max(settledAt, edge)))
    .orderBy('newest_at', 'desc')
    .limit(1)
  const [checkpoint] = await readWalkRows(query, calendar)
  return checkpoint ?? emptyWalkRow(row.categoryId)
}

/** The instant up to which nothing can change: at the end, only open dips can; elsewhere the dip rule reaches back. */
function settledUntil({ newestAt, state }: WalkRow, changedAt: number): number {
  const isAtEnd = newestAt === null || changedAt > newestAt
  return Math.min(
    isAtEnd ? changedAt : changedAt - DIP_REACH_MS,
    state.standing?.at ?? changedAt, // the next change is spread from here on
    ...state.open.map(({ standingAt }) => standingAt),
  )
}

async function forgetAfter(db: Db, { categoryId, newestAt, open }: WalkRow): Promise<void> {
  await db
    .deleteFrom('store.hour')
    .where('category_id', '=', categoryId)
    .where('hour', '>=', sql<Date>`${instantOrStart(open?.hour.start ?? null)}`)
    .execute()
  await db
    .deleteFrom('store.day')
    .where('category_id', '=', categoryId)
    .where('day', '>=', open?.day.day ?? '-infinity')
    .execute()
  await db
    .deleteFrom('store.checkpoint')
    .where('category_id', '=', categoryId)
    .where('newest_at', '>', sql<Date>`${instantOrStart(newestAt)}`)
    .execute()
}

/** The decisions that hold on snapshots after `start`, by instant. */
export async function readDecisions(
  db: Db,
  { categoryId, newestAt }: WalkRow,
): Promise<Map<number, Decision>> {
  const rows = await db
    .selectFrom('store.decision')
    .select(['observed_at', 'decided_as'])
    .distinctOn('observed_at')
    .where('category_id', '=', categoryId)
    .where('observed_at', '>', sql<Date>`${instantOrStart(newestAt)}`)
    .orderBy('observed_at')
    .orderBy('id', 'desc')
    .execute()
  return new Map(
    rows.flatMap(({ observed_at, decided_as }) =>
      decided_as === 'auto' ? [] : [[observed_at.getTime(), decided_as]],
    ),
  )
}

/** Walks and spreads `snapshots`, writes what is new or differs from what is stored, and returns the new walk row. */
async function walkFrom(
  { calendar, writer }: SeriesContext,
  start: WalkRow,
  decisions: ReadonlyMap<number, Decision>,
  parts: AsyncIterable<readonly StoredSnapshot[]>,
): Promise<WalkRow> {
  const { categoryId } = start
  const walk = new Walk<StoredSnapshot>(decisions, start.state.standing)
  const spread = new Spread(calendar, start.open)
  let { firstAt, newestAt, snapshotsSinceCheckpoint } = start

  const accept = ({ snapshot, delta }: Walked<StoredSnapshot>) => {
    firstAt ??= snapshot.at
    newestAt = snapshot.at
    snapshotsSinceCheckpoint += 1
    spread.add({ snapshot, delta })
    if (snapshot.stored === undefined) writer.insertSnapshot(categoryId, snapshot, delta)
    else if (!sameDelta(snapshot.stored, delta)) writer.changeDelta(categoryId, snapshot.at, delta)
  }
  const rowNow = (state: WalkRow['state']): WalkRow => {
    return {
      categoryId,
      firstAt,
      newestAt,
      state,
      open: newestAt === null ? null : spread.open(),
      snapshotsSinceCheckpoint,
    }
  }

  const walkOn = (snapshot: StoredSnapshot) => {
    walk.push(snapshot).forEach(accept)
    const { standing } = walk
    if (standing?.at !== snapshot.at) return // it may be in a dip, or is decided to be one
    if (spread.size > 256) writer.insertTrends(categoryId, spread.takeClosed(standing.at))
    if (snapshotsSinceCheckpoint >= CHECKPOINT_EVERY) {
      writer.insertTrends(categoryId, spread.takeClosed(standing.at))
      snapshotsSinceCheckpoint = 0
      writer.insertCheckpoint(rowNow({ standing, open: [] }))
    }
  }

  for await (const part of parts) {
    part.forEach(walkOn)
    if (writer.size >= FLUSH_ROWS) await writer.flush()
  }
  const { walked, state } = walk.end()
  walked.forEach(accept)
  writer.insertTrends(categoryId, spread.takeAllButLast())
  const row = rowNow(state)
  writer.setWalkRow(row)
  return row
}

/** Two ascending series as one; no instant is in both. In parts, because a promise for each row would cost too much. */
async function* merge(
  stored: AsyncGenerator<StoredSnapshot>,
  incoming: AsyncIterable<readonly Snapshot[]> | Iterable<readonly Snapshot[]>,
): AsyncGenerator<StoredSnapshot[]> {
  const part: StoredSnapshot[] = []
  let next = await stored.next()
  for await (const snapshots of incoming) {
    for (const snapshot of snapshots) {
      for (; !next.done && next.value.at < snapshot.at; next = await stored.next()) {
        part.push(next.value)
        if (part.length >= PART_ROWS) yield part.splice(0)
      }
      part.push({ ...snapshot, stored: undefined })
    }
    yield part.splice(0)
  }
  for (; !next.done; next = await stored.next()) {
    part.push(next.value)
    if (part.length >= PART_ROWS) yield part.splice(0)
  }
  yield part
}
