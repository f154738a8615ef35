// What a derivation writes, of one category or of a thousand: gathered, then stored in few statements.
import { sql } from 'kysely'
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import type { Trends } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import type { Db } from '../pool.ts'
import type { RowSink } from './row-sink.ts'
import { numberArray, textArray, timestamp } from './text.ts'
import { insertCheckpoints, type WalkRow, writeWalkRows } from './walk-row.ts'

interface Changed {
  readonly categoryId: number
  readonly at: number
  readonly delta: Delta | null
}

export class Writer {
  readonly #db: Db
  readonly #sink: RowSink
  #changed: Changed[] = []
  #walkRows: WalkRow[] = []
  #checkpoints: WalkRow[] = []

  /** `db` is a transaction that holds the walk rows of all categories written; new rows go to `sink`. */
  constructor(db: Db, sink: RowSink) {
    this.#db = db
    this.#sink = sink
  }

  /** How many rows wait to be written. */
  get size(): number {
    return this.#sink.size + this.#changed.length + this.#walkRows.length
  }

  insertSnapshot(categoryId: number, snapshot: Snapshot, delta: Delta | null): void {
    this.#sink.addSnapshot(categoryId, snapshot, delta)
  }

  /** Replaces the delta of a snapshot that is already stored. */
  changeDelta(categoryId: number, at: number, delta: Delta | null): void {
    this.#changed.push({ categoryId, at, delta })
  }

  insertTrends(categoryId: number, { hours, days }: Trends): void {
    for (const hour of hours) this.#sink.addHour(categoryId, hour)
    for (const day of days) this.#sink.addDay(categoryId, day)
  }

  setWalkRow(row: WalkRow): void {
    this.#walkRows.push(row)
  }

  /** Keeps `row` to start again from, without its open dips: a start that old is beyond the reach of the rule. */
  insertCheckpoint(row: WalkRow): void {
    this.#checkpoints.push({ ...row, state: { ...row.state, open: [] } })
  }

  async flush(): Promise<void> {
    await this.#sink.flushSnapshots()
    await this.#updateDeltas(this.#changed.splice(0))
    await this.#sink.flushTrends()
    await insertCheckpoints(this.#db, this.#checkpoints.splice(0))
    await writeWalkRows(this.#db, this.#walkRows.splice(0))
  }

  async #updateDeltas(changed: readonly Changed[]): Promise<void> {
    if (changed.length === 0) return
    await sql`
      /* updateDeltas */
      update store.snapshot s set decided = n.decided, kind = n.kind, previous_at = n.previous_at, ${SET_DELTAS},
        timespent_delta = n.timespent, extra_delta = n.extra
      from (
        select category_id, at, decided, kind::store.delta_kind, previous_at, counters::bigint[], timespent, extra::jsonb
        from unnest(
          ${numberArray(changed.map(({ categoryId }) => categoryId))}::integer[],
          ${numberArray(changed.map(({ at }) => timestamp(at)))}::timestamptz[],
          ${numberArray(changed.map(({ delta }) => delta && String(delta.decided)))}::boolean[],
          ${numberArray(changed.map(({ delta }) => delta?.kind ?? null))}::text[],
          ${numberArray(changed.map(({ delta }) => (delta?.previousAt == null ? null : timestamp(delta.previousAt))))}::timestamptz[],
          ${textArray(changed.map(({ delta }) => delta && numberArray(delta.counters)))}::text[],
          ${numberArray(changed.map(({ delta }) => delta?.timespent ?? null))}::numeric[],
          ${textArray(changed.map(({ delta }) => (delta?.extra ? JSON.stringify(delta.extra) : null)))}::text[]
        ) u (category_id, at, decided, kind, previous_at, counters, timespent, extra)
      ) n
      where s.category_id = n.category_id and s.observed_at = n.at`.execute(this.#db)
  }
}

const SET_DELTAS = sql.join(
  COUNTERS.map((name, i) => sql`${sql.ref(`${name}_delta`)} = n.counters[${sql.raw(String(i + 1))}]`),
)
