// Where new snapshots, hours and days go: a tick inserts them through Kysely, an import copies them.
import type { Snapshot } from '../../counters/names.ts'
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
