// Derives a category's series from some point on: what is stored and what is new, walked and spread by the
// pure rules of counters/. Everything but a plain append at the end comes through here.
import type pg from 'pg'
import type { Calendar } from '../counters/calendar.ts'
import { DIP_REACH_MS } from '../counters/dip.ts'
import type { Snapshot } from '../counters/names.ts'
import { Spread } from '../counters/spread.ts'
import type { Decision } from '../counters/step.ts'
import { Walk, type Walked } from '../counters/walk.ts'
import { readSeries, type StoredSnapshot, sameDelta } from './stored-series.ts'
import { epochMs, timestamp } from './text.ts'
import { emptyWalkRow, readWalkRows, type WalkRow } from './walk-row.ts'
import type { Origin, Writer } from './writer.ts'

/** A checkpoint every so many snapshots: about two days of five-minute polls. */
export const CHECKPOINT_EVERY = 512
/** Rows gathered before they are written: bounds the memory of a long derivation. */
const FLUSH_ROWS = 10_000

export interface SeriesContext {
  readonly connection: pg.ClientBase
  readonly calendar: Calendar
  readonly writer: Writer
  readonly origin: Origin | null
}

/**
 * Adds `incoming` (ascending, none of them stored yet) to the series of a category and derives it anew
 * from the earliest point that can have changed: `changedAt`, or earlier where the dip rule reaches back.
 * `row` is the category's walk row, locked. Writes through the context's writer, which the caller flushes.
 */
export async function deriveSeries(
  context: SeriesContext,
  row: WalkRow,
  changedAt: number,
  incoming: AsyncIterable<Snapshot> | Iterable<Snapshot>,
): Promise<WalkRow> {
  const start = await findStart(context, row, changedAt)
  await forgetAfter(context.connection, start)
  const stored = readSeries(context.connection, row.categoryId, start.newestAt, row.newestAt)
  return walkFrom(context, start, await readDecisions(context.connection, start), merge(stored, incoming))
}

/** The latest state that nothing at `changedAt` or later can have touched. */
async function findStart(
  { connection, calendar }: SeriesContext,
  row: WalkRow,
  changedAt: number,
): Promise<WalkRow> {
  if (isUntouched(row, changedAt)) return row
  const [checkpoint] = await readWalkRows(
    connection,
    calendar,
    'store.checkpoint',
    'category_id = $1 and newest_at <= $2 order by newest_at desc limit 1',
    [row.categoryId, timestamp(Math.min(changedAt, row.state.standing?.at ?? changedAt) - DIP_REACH_MS)],
  )
  return checkpoint ?? emptyWalkRow(row.categoryId)
}

/** Whether all that changes comes after the end of the series, and can change nothing before it. */
function isUntouched({ newestAt, state }: WalkRow, changedAt: number): boolean {
  return (
    newestAt === null || (changedAt > newestAt && state.standing?.at === newestAt && state.open.length === 0)
  )
}

async function forgetAfter(connection: pg.ClientBase, start: WalkRow): Promise<void> {
  const from = (at: number | undefined) => (at === undefined ? '-infinity' : timestamp(at))
  const day = start.open?.day.day ?? '-infinity'
  const id = start.categoryId
  await connection.query('delete from store.hour where category_id = $1 and hour >= $2', [
    id,
    from(start.open?.hour.start),
  ])
  await connection.query('delete from store.day where category_id = $1 and day >= $2', [id, day])
  const newest = start.newestAt ?? undefined
  await connection.query('delete from store.checkpoint where category_id = $1 and newest_at > $2', [
    id,
    from(newest),
  ])
}

/** The decisions that hold on snapshots after `start`, by instant. */
export async function readDecisions(
  connection: pg.ClientBase,
  start: WalkRow,
): Promise<Map<number, Decision>> {
  const { rows } = await connection.query<[number, Decision | 'auto']>({
    text: `/* readDecisions */
      select distinct on (observed_at) ${epochMs('observed_at')}, decided_as from store.decision
      where category_id = $1 and observed_at > $2 order by observed_at, id desc`,
    values: [start.categoryId, start.newestAt === null ? '-infinity' : timestamp(start.newestAt)],
    rowMode: 'array',
  })
  return new Map(rows.filter((entry): entry is [number, Decision] => entry[1] !== 'auto'))
}

/** Walks and spreads `snapshots`, writes what is new or differs from what is stored, and gives the new walk row. */
async function walkFrom(
  { calendar, writer, origin }: SeriesContext,
  start: WalkRow,
  decisions: ReadonlyMap<number, Decision>,
  snapshots: AsyncIterable<StoredSnapshot>,
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
    if (snapshot.stored === undefined) writer.insertSnapshot(categoryId, origin!, snapshot, delta)
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

  for await (const snapshot of snapshots) {
    walk.push(snapshot).forEach(accept)
    const { standing } = walk
    if (walk.isWaiting || standing?.at !== snapshot.at) continue // in what may be a dip, or after one that was decided
    if (spread.size > 256) writer.insertTrends(categoryId, spread.takeClosed(standing.at))
    if (snapshotsSinceCheckpoint >= CHECKPOINT_EVERY) {
      writer.insertTrends(categoryId, spread.takeClosed(standing.at))
      snapshotsSinceCheckpoint = 0
      writer.insertCheckpoint(rowNow({ standing, open: [] }))
    }
    if (writer.size >= FLUSH_ROWS) await writer.flush()
  }
  const { walked, state } = walk.end()
  walked.forEach(accept)
  writer.insertTrends(categoryId, spread.takeAllButLast())
  const row = rowNow(state)
  writer.setWalkRow(row)
  return row
}

/** Two ascending series as one; no instant is in both. */
async function* merge(
  stored: AsyncGenerator<StoredSnapshot>,
  incoming: AsyncIterable<Snapshot> | Iterable<Snapshot>,
): AsyncGenerator<StoredSnapshot> {
  let next = await stored.next()
  for await (const snapshot of incoming) {
    for (; !next.done && next.value.at < snapshot.at; next = await stored.next()) yield next.value
    yield { ...snapshot, stored: undefined }
  }
  for (; !next.done; next = await stored.next()) yield next.value
}
