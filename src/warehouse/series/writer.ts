// What a derivation writes, of one category or of a thousand: gathered, then stored in few statements.
import { sql } from 'kysely'
import type { Snapshot } from '../../counters/names.ts'
import type { Trends } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import type { Db } from '../pool.ts'
import { DELTA_COLUMNS, type WithDelta } from './delta-columns.ts'
import type { RowSink } from './row-sink.ts'
import { type ColumnOf, instants, integers, selectRows } from './select-rows.ts'
import { insertCheckpoints, type WalkRow, writeWalkRows } from './walk-row.ts'

interface Changed extends WithDelta {
  readonly categoryId: number
  readonly at: number
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
      update store.snapshot s set ${SET_DELTA} from (${selectRows(changed, CHANGED_COLUMNS)}) n
      where s.category_id = n.category_id and s.observed_at = n.observed_at`.execute(this.#db)
  }
}

const CHANGED_COLUMNS: readonly ColumnOf<'store.snapshot', Changed>[] = [
  integers('category_id', ({ categoryId }) => categoryId),
  instants('observed_at', ({ at }) => at),
  ...DELTA_COLUMNS,
]

const SET_DELTA = sql.join(DELTA_COLUMNS.map(({ name }) => sql`${sql.ref(name)} = n.${sql.ref(name)}`))
