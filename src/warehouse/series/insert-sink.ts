// New rows by INSERT … SELECT unnest(…) through Kysely, for ticks.
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import type { Db } from '../pool.ts'
import { DELTA_COLUMNS, type WithDelta } from './delta-columns.ts'
import type { Origin, RowSink } from './row-sink.ts'
import { type ColumnOf, constant, instants, integers, plain, selectRows, texts } from './select-rows.ts'
import { asBigint } from './walk-row.ts'

interface NewSnapshot extends WithDelta {
  readonly categoryId: number
  readonly snapshot: Snapshot
}

interface NewBucket {
  readonly categoryId: number
  readonly bucket: Bucket
}

export class InsertSink implements RowSink {
  readonly #db: Db
  readonly #snapshotColumns: readonly ColumnOf<'store.snapshot', NewSnapshot>[]
  #snapshots: NewSnapshot[] = []
  #hours: NewBucket[] = []
  #days: NewBucket[] = []

  /** `db` is a transaction. */
  constructor(db: Db, { runId, imported }: Origin) {
    this.#db = db
    this.#snapshotColumns = [
      ...SNAPSHOT_COLUMNS,
      constant('run_id', 'integer', runId),
      constant('imported', 'boolean', imported),
    ]
  }

  get size(): number {
    return this.#snapshots.length + this.#hours.length + this.#days.length
  }

  addSnapshot(categoryId: number, snapshot: Snapshot, delta: Delta | null): void {
    this.#snapshots.push({ categoryId, snapshot, delta })
  }

  addHour(categoryId: number, bucket: Bucket): void {
    this.#hours.push({ categoryId, bucket })
  }

  addDay(categoryId: number, bucket: Bucket): void {
    this.#days.push({ categoryId, bucket })
  }

  async flushSnapshots(): Promise<void> {
    await this.#insert('store.snapshot', this.#snapshotColumns, this.#snapshots.splice(0))
  }

  async flushTrends(): Promise<void> {
    await this.#insert('store.hour', HOUR_COLUMNS, this.#hours.splice(0))
    await this.#insert('store.day', DAY_COLUMNS, this.#days.splice(0))
  }

  async #insert<Table extends 'store.snapshot' | 'store.hour' | 'store.day', Row>(
    table: Table,
    columns: readonly ColumnOf<Table, Row>[],
    rows: readonly Row[],
  ): Promise<void> {
    if (rows.length === 0) return
    await this.#db
      .insertInto(table)
      .columns(columns.map(({ name }) => name))
      .expression(selectRows(rows, columns))
      .execute()
  }
}

const SNAPSHOT_COLUMNS: readonly ColumnOf<'store.snapshot', NewSnapshot>[] = [
  integers('category_id', ({ categoryId }) => categoryId),
  instants('observed_at', ({ snapshot }) => snapshot.at),
  ...COUNTERS.map((name, i) => integers(name, ({ snapshot }: NewSnapshot) => snapshot.counters[i]!)),
  plain('timespent', 'numeric', ({ snapshot }) => snapshot.timespent),
  texts('extra', 'jsonb', ({ snapshot }) => snapshot.extra),
  ...DELTA_COLUMNS,
]

const BUCKET_COLUMNS = [
  integers('category_id', ({ categoryId }: NewBucket) => categoryId),
  ...COUNTERS.map((name, i) => integers(name, ({ bucket }: NewBucket) => asBigint(bucket.growth[i]!))),
  integers('widest_gap_ms', ({ bucket }: NewBucket) => bucket.widestGapMs),
  integers('snapshots', ({ bucket }: NewBucket) => bucket.snapshots),
  plain('corrections', 'integer', ({ bucket }: NewBucket) => String(bucket.corrections)),
  plain('resets', 'integer', ({ bucket }: NewBucket) => String(bucket.resets)),
  plain('timespent', 'numeric', ({ bucket }: NewBucket) => bucket.timespent),
  plain('day', 'date', ({ bucket }: NewBucket) => bucket.day),
] as const

const HOUR_COLUMNS = [...BUCKET_COLUMNS, instants('hour', ({ bucket }: NewBucket) => bucket.start)]

const DAY_COLUMNS = BUCKET_COLUMNS
