// Where new snapshots, hours and days go: a tick inserts them through Kysely, an import copies them.
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'

/** Where new snapshots come from: the run that stores them, and whether they are an import. */
export interface Origin {
  readonly runId: number
  readonly imported: boolean
}

export interface RowSink {
  /** How many rows wait to be written. */
  readonly size: number
  addSnapshot(categoryId: number, snapshot: Snapshot, delta: Delta | null): void
  addHour(categoryId: number, hour: Bucket): void
  addDay(categoryId: number, day: Bucket): void
  flushSnapshots(): Promise<void>
  flushTrends(): Promise<void>
}

/** The columns of store.snapshot in the order in which rows are written; so for the others. */
export const SNAPSHOT_COLUMNS: readonly string[] = [
  'observed_at',
  'category_id',
  'run_id',
  ...COUNTERS,
  'imported',
  'timespent',
  'extra',
  'decided',
  'kind',
  'previous_at',
  ...COUNTERS.map((name) => `${name}_delta`),
  'timespent_delta',
  'extra_delta',
]

const BUCKET_COLUMNS = ['category_id', ...COUNTERS, 'widest_gap_ms', 'snapshots', 'timespent']

export const HOUR_COLUMNS: readonly string[] = ['hour', 'day', ...BUCKET_COLUMNS]

export const DAY_COLUMNS: readonly string[] = ['day', ...BUCKET_COLUMNS]
