// Stores answers: the snapshot, its delta, the trends and the state of the derivation, all in one transaction.
import { sql } from 'kysely'
import type { Calendar } from '../../counters/calendar.ts'
import type { Snapshot } from '../../counters/names.ts'
import { Spread } from '../../counters/spread.ts'
import { append } from '../../counters/walk.ts'
import type { Db } from '../pool.ts'
import { CHECKPOINT_EVERY, deriveSeries, type SeriesContext } from './derive.ts'
import { readFinalUntil } from './prune.ts'
import type { RowSink } from './row-sink.ts'
import { readSnapshotsAt, sameReading } from './stored.ts'
import { numberArray } from './text.ts'
import { readWalkRows, selectWalkRows, type WalkRow } from './walk-row.ts'
import { Writer } from './writer.ts'

/** One answer for one category. */
export interface Arrival {
  readonly categoryId: number
  readonly snapshot: Snapshot
}

export interface Recorded {
  /** How many snapshots were new. */
  stored: number
  /** How many of those lay before a snapshot that was already there. */
  late: number
  /** At the instant of a stored snapshot, with other values: the first to arrive stays. */
  readonly conflicts: Arrival[]
  /** Answers of now that are not later than the newest snapshot: the clock went back. */
  readonly fromThePast: Arrival[]
  /** Of a time that pruning has made final. */
  readonly final: Arrival[]
}

export interface RecordOptions {
  /** Where new rows go. */
  readonly sink: RowSink
  /** Whether the answers arrived just now, so that none can lie in the past. */
  readonly live: boolean
}

/** Larger groups outlive the young generation of the garbage collector, which costs a seventh of a tick's CPU time. */
export const CATEGORIES_AT_ONCE = 250

/** Records answers of any number of categories, in any order; idempotent. Waits for other writers of them. */
export async function recordSnapshots(
  db: Db,
  calendar: Calendar,
  arrivals: readonly Arrival[],
  { sink, live }: RecordOptions,
): Promise<Recorded> {
  const recorded: Recorded = { stored: 0, late: 0, conflicts: [], fromThePast: [], final: [] }
  const byCategory = Map.groupBy(arrivals, ({ categoryId }) => categoryId)
  const writer = new Writer(db, sink)
  const ids = [...byCategory.keys()].sort((a, b) => a - b) // the order in which all writers take their locks
  for (let i = 0; i < ids.length; i += CATEGORIES_AT_ONCE) {
    for (const row of await lockWalkRows(db, calendar, ids.slice(i, i + CATEGORIES_AT_ONCE))) {
      const inOrder = byCategory.get(row.categoryId)!.toSorted((a, b) => a.snapshot.at - b.snapshot.at)
      if (appendAll(writer, calendar, row, inOrder)) recorded.stored += inOrder.length
      else await insertAnywhere({ db, calendar, writer }, row, inOrder, live, recorded)
    }
    await writer.flush()
  }
  return recorded
}

function lockWalkRows(db: Db, calendar: Calendar, ids: number[]): Promise<WalkRow[]> {
  const query = selectWalkRows(db)
    .where('category_id', '=', sql<number>`any(${numberArray(ids)}::integer[])`)
    .orderBy('category_id')
    .forUpdate()
  return readWalkRows(query, calendar)
}

/** The fast path for arrivals after the end of the series. Returns false, with nothing written, for all others. */
function appendAll(writer: Writer, calendar: Calendar, row: WalkRow, arrivals: Arrival[]): boolean {
  if (row.newestAt !== (row.state.standing?.at ?? null)) return false // the series ends in decided dips
  let { newestAt, state } = row
  const walked = []
  for (const { snapshot } of arrivals) {
    if (newestAt !== null && snapshot.at <= newestAt) return false
    const appended = append(state, snapshot)
    if (appended === null) return false // a dip ends here
    walked.push({ snapshot, delta: appended.delta })
    state = appended.state
    newestAt = snapshot.at
  }
  const spread = new Spread(calendar, row.open)
  for (const { snapshot, delta } of walked) {
    spread.add({ snapshot, delta })
    writer.insertSnapshot(row.categoryId, snapshot, delta)
  }
  writer.insertTrends(row.categoryId, spread.takeAllButLast())
  const since = row.snapshotsSinceCheckpoint + walked.length
  const next: WalkRow = {
    categoryId: row.categoryId,
    firstAt: row.firstAt ?? arrivals[0]!.snapshot.at,
    newestAt,
    state,
    open: spread.open(),
    snapshotsSinceCheckpoint: since >= CHECKPOINT_EVERY ? 0 : since,
  }
  if (since >= CHECKPOINT_EVERY) writer.insertCheckpoint(next)
  writer.setWalkRow(next)
  return true
}

/** For all other arrivals: leaves out what is stored already, and derives the series anew. */
async function insertAnywhere(
  context: SeriesContext,
  row: WalkRow,
  arrivals: Arrival[],
  live: boolean,
  recorded: Recorded,
): Promise<void> {
  const existing = await readSnapshotsAt(
    context.db,
    row.categoryId,
    arrivals.map(({ snapshot }) => snapshot.at),
  )
  const finalUntil = await readFinalUntil(context.db, row.categoryId)
  const fresh = new Map<number, Snapshot>()
  for (const arrival of arrivals) {
    const { snapshot } = arrival
    const twin = existing.get(snapshot.at) ?? fresh.get(snapshot.at)
    if (twin) {
      if (!sameReading(twin, snapshot)) recorded.conflicts.push(arrival)
    } else if (live && row.newestAt !== null && snapshot.at <= row.newestAt)
      recorded.fromThePast.push(arrival)
    else if (finalUntil !== null && snapshot.at <= finalUntil) recorded.final.push(arrival)
    else fresh.set(snapshot.at, snapshot)
  }
  if (fresh.size === 0) return
  const incoming = [...fresh.values()]
  await deriveSeries(context, row, incoming[0]!.at, [incoming])
  recorded.stored += incoming.length
  recorded.late += incoming.filter(({ at }) => row.newestAt !== null && at < row.newestAt).length
}
