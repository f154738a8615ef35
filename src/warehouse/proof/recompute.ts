// Derives the whole series of a category again from its snapshots and decisions, and compares it with what is stored.
// Reads only, in bounded memory, and yields each row that is not as expected, with a function that corrects it.
import type pg from 'pg'
import type { Calendar } from '../../counters/calendar.ts'
import { COUNTERS } from '../../counters/names.ts'
import { type Bucket, Spread, type Trends } from '../../counters/spread.ts'
import { type Delta, type Standing, step } from '../../counters/step.ts'
import { Walk, type Walked, type WalkState } from '../../counters/walk.ts'
import { PrimosyncError } from '../../errors.ts'
import type { Db, Transaction } from '../pool.ts'
import { readDecisions } from '../series/derive.ts'
import { readEdge } from '../series/prune.ts'
import { timestamp } from '../series/text.ts'
import { emptyWalkRow, readWalkRows, selectWalkRows, type WalkRow } from '../series/walk-row.ts'
import type { Writer } from '../series/writer.ts'
import {
  type CellDifference,
  type Cells,
  type CellTable,
  CHECKPOINT,
  cellsSql,
  compareCells,
  DAY,
  dayRow,
  deltaCells,
  HOUR,
  hourRow,
  readPages,
  SNAPSHOT,
  type StoredRow,
  WALK,
  walkCells,
} from './cells.ts'
import { RAW_SQL, type RawRow, rawRow } from './raw-row.ts'

/** A stored row that is not as expected. */
export interface RowDifference {
  readonly table: string
  /** The instant or date that identifies the row within its category. */
  readonly key: string
  readonly problem: 'wrong' | 'missing' | 'unexpected'
  /** What is wrong in it; nothing if the row is missing or unexpected. */
  readonly cells: readonly CellDifference[]
  /** Corrects the row; absent for what the provider said, which only a person can correct. */
  readonly mend?: (mender: Mender) => void
}

/** What corrects rows; `forget` takes effect before what the writer holds. */
export interface Mender {
  readonly writer: Writer
  forget(table: string, key: string): void
}

/** What a category should hold, from `start` on: the edge that pruning left, or an empty state. */
export interface Recomputed {
  readonly start: WalkRow
  readonly snapshots: number
  /** Σ of the deltas, by counter; null where none is known. */
  readonly growth: readonly (bigint | null)[]
  /** The runs that its snapshots came with: `<id> <whether they were imports>`. */
  readonly origins: ReadonlySet<string>
}

/**
 * The differences of one category, in a transaction in which nothing changes, in UTC.
 * A checkpoint counts as missing if there is none for `checkpointEvery` snapshots.
 */
export async function* recompute(
  { db, connection }: Transaction,
  calendar: Calendar,
  categoryId: number,
  checkpointEvery = Number.POSITIVE_INFINITY,
): AsyncGenerator<RowDifference, Recomputed> {
  const start = await readStart(db, calendar, categoryId)
  const decisions = await readDecisions(db, start)
  const walk = new Walk<RawRow>(decisions, start.state.standing)
  const spread = new Spread(calendar, start.open)
  const hours = compareBuckets(connection, categoryId, HOUR, start)
  const days = compareBuckets(connection, categoryId, DAY, start)
  const checkpoints = await readCheckpoints(connection, categoryId, start)
  const origins = new Set<string>()
  const growth: (bigint | null)[] = COUNTERS.map(() => null)
  const found: RowDifference[] = []
  let snapshots = 0
  let standing: Standing | null = start.state.standing
  let row = start

  const rowNow = (state: WalkState, snapshotsSinceCheckpoint: number): WalkRow => {
    return { ...row, state, open: row.newestAt === null ? null : spread.open(), snapshotsSinceCheckpoint }
  }

  const accept = ({ snapshot, delta }: Walked<RawRow>) => {
    snapshots += 1
    spread.add({ snapshot, delta })
    for (const [i, change] of (delta?.counters ?? []).entries())
      if (change !== null) growth[i] = (growth[i] ?? 0n) + BigInt(change)
    if (delta?.kind !== 'dip') standing = step(standing, snapshot, decisions.get(snapshot.at)).standing
    found.push(...compareSnapshot(categoryId, snapshot, delta))
    const since = row.snapshotsSinceCheckpoint + 1
    const { at } = snapshot
    row = { ...row, firstAt: row.firstAt ?? at, newestAt: at, snapshotsSinceCheckpoint: since }
    const isStartingPoint = standing?.at === at && !walk.isWaiting
    const stored = checkpoints.get(snapshot.key)
    if (stored === undefined && !(isStartingPoint && since >= checkpointEvery)) return
    checkpoints.delete(snapshot.key)
    found.push(...compareCheckpoint(stored, rowNow({ standing, open: [] }, 0), snapshot.key))
    row = { ...row, snapshotsSinceCheckpoint: 0 }
  }
  async function* compareTrends(trends: Trends): AsyncGenerator<RowDifference> {
    yield* hours.upTo(trends.hours)
    yield* days.upTo(trends.days)
  }

  for await (const page of readPages(connection, SNAPSHOT, categoryId, RAW_SQL, justAfter(start))) {
    for (const stored of page) {
      const { raw, problems } = rawRow(stored)
      if (problems.length > 0)
        yield { table: SNAPSHOT.name, key: stored.key, problem: 'wrong', cells: problems }
      if (raw === null) continue
      origins.add(raw.origin)
      walk.push(raw).forEach(accept)
      if (spread.size > 256 && !walk.isWaiting && walk.standing !== null)
        yield* compareTrends(spread.takeClosed(walk.standing.at))
    }
    yield* found.splice(0)
  }
  const { walked, state } = walk.end()
  walked.forEach(accept)
  yield* found
  if (snapshots > 0) yield* compareTrends(spread.takeAllButLast())
  yield* hours.rest()
  yield* days.rest()
  for (const key of checkpoints.keys()) yield unexpected(CHECKPOINT, key)
  yield* compareWalk(connection, rowNow(state, row.snapshotsSinceCheckpoint))
  return { start, snapshots, growth, origins }
}

function unexpected({ name: table }: CellTable, key: string): RowDifference {
  return { table, key, problem: 'unexpected', cells: [], mend: (mender) => mender.forget(table, key) }
}

function compareSnapshot(
  categoryId: number,
  { key, cells, at }: RawRow,
  delta: Delta | null,
): RowDifference[] {
  const different = compareCells(SNAPSHOT, cells, deltaCells(delta))
  if (different.length === 0) return []
  const mend = ({ writer }: Mender) => writer.changeDelta(categoryId, at, delta)
  return [{ table: SNAPSHOT.name, key, problem: 'wrong', cells: different, mend }]
}

/** The state that replaces what was pruned; an empty one if nothing was. */
async function readStart(db: Db, calendar: Calendar, categoryId: number): Promise<WalkRow> {
  const edge = await readEdge(db, categoryId)
  if (edge === null) return emptyWalkRow(categoryId)
  const query = selectWalkRows(db, 'store.checkpoint')
    .where('category_id', '=', categoryId)
    .where('newest_at', '=', new Date(edge))
  const [row] = await readWalkRows(query, calendar)
  if (row) return row
  throw new PrimosyncError(`The checkpoint of category ${categoryId} at ${timestamp(edge)} is missing.`, {
    hint: 'It replaces the snapshots that were pruned. Restore the row of store.checkpoint from a backup.',
  })
}

/** The first instant after `start`, for rows with instants of whole milliseconds. */
function justAfter({ newestAt }: WalkRow): string {
  return newestAt === null ? '-infinity' : timestamp(newestAt + 1)
}

async function readCheckpoints(
  connection: pg.ClientBase,
  categoryId: number,
  start: WalkRow,
): Promise<Map<string, Cells>> {
  const checkpoints = new Map<string, Cells>()
  for await (const page of readPages(connection, CHECKPOINT, categoryId, [], justAfter(start)))
    for (const { key, cells } of page) checkpoints.set(key, cells)
  return checkpoints
}

function compareCheckpoint(stored: Cells | undefined, row: WalkRow, key: string): RowDifference[] {
  const different = stored ? compareCells(CHECKPOINT, stored, walkCells(row)) : []
  if (stored && different.length === 0) return []
  const mend = ({ writer, forget }: Mender) => {
    forget(CHECKPOINT.name, key)
    writer.insertCheckpoint(row)
  }
  return [{ table: CHECKPOINT.name, key, problem: stored ? 'wrong' : 'missing', cells: different, mend }]
}

/** Rows as arrays, as in readPages. */
async function* compareWalk(connection: pg.ClientBase, row: WalkRow): AsyncGenerator<RowDifference> {
  const { rows } = await connection.query<(string | null)[]>({
    text: `select ${cellsSql(WALK)} from store.walk where category_id = $1`,
    values: [row.categoryId],
    rowMode: 'array',
  })
  const common = { table: WALK.name, key: '', mend: ({ writer }: Mender) => writer.setWalkRow(row) }
  if (rows[0] === undefined) yield { ...common, problem: 'missing', cells: [] }
  else {
    const cells = compareCells(WALK, rows[0], walkCells(row))
    if (cells.length > 0) yield { ...common, problem: 'wrong', cells }
  }
}

/** Compares the expected buckets of one grain, passed in order and in parts, with the stored ones. */
function compareBuckets(
  connection: pg.ClientBase,
  categoryId: number,
  table: typeof HOUR | typeof DAY,
  { open }: WalkRow,
) {
  const from = open === null ? '-infinity' : table === HOUR ? timestamp(open.hour.start) : open.day.day
  const stored = rowByRow(readPages(connection, table, categoryId, [], from))
  let next: Promise<IteratorResult<StoredRow, void>> | undefined
  const peek = () => (next ??= stored.next())
  const take = () => {
    next = undefined
  }

  async function* upTo(buckets: readonly Bucket[]): AsyncGenerator<RowDifference> {
    for (const bucket of buckets) {
      const expected = table === HOUR ? hourRow(bucket) : dayRow(bucket)
      yield* before(expected.key)
      const { value: row } = await peek()
      const mend = ({ writer, forget }: Mender) => {
        forget(table.name, expected.key)
        writer.insertTrends(
          categoryId,
          table === HOUR ? { hours: [bucket], days: [] } : { hours: [], days: [bucket] },
        )
      }
      if (row?.key !== expected.key) {
        yield { table: table.name, key: expected.key, problem: 'missing', cells: [], mend }
        continue
      }
      take()
      const cells = compareCells(table, row.cells, expected.cells)
      if (cells.length > 0) yield { table: table.name, key: expected.key, problem: 'wrong', cells, mend }
    }
  }

  /** Stored rows without an expected bucket, with keys below `key`: as text, instants of one style sort by time. */
  async function* before(key: string | null): AsyncGenerator<RowDifference> {
    for (let row = (await peek()).value; row && (key === null || row.key < key); row = (await peek()).value) {
      yield unexpected(table, row.key)
      take()
    }
  }

  return { upTo, rest: () => before(null) }
}

async function* rowByRow(pages: AsyncGenerator<StoredRow[]>): AsyncGenerator<StoredRow, void> {
  for await (const page of pages) yield* page
}
