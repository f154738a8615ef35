// New rows by INSERT … SELECT FROM unnest(…) through Kysely, for ticks. They are one array of rows: with an array for
// each column there is a function scan for each, and a tick's snapshots take a third longer.
import { sql } from 'kysely'
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import type { Db } from '../pool.ts'
import { DAY_COLUMNS, HOUR_COLUMNS, type Origin, type RowSink, SNAPSHOT_COLUMNS } from './row-sink.ts'
import { rowCell, textArray, timestamp } from './text.ts'
import { asBigint } from './walk-row.ts'

export class InsertSink implements RowSink {
  readonly #db: Db
  readonly #origin: Origin
  #snapshots: string[] = []
  #hours: string[] = []
  #days: string[] = []

  /** `db` is a transaction. */
  constructor(db: Db, origin: Origin) {
    this.#db = db
    this.#origin = origin
  }

  get size(): number {
    return this.#snapshots.length + this.#hours.length + this.#days.length
  }

  addSnapshot(categoryId: number, { at, counters, timespent, extra }: Snapshot, delta: Delta | null): void {
    const { runId, imported } = this.#origin
    this.#snapshots.push(
      `(${timestamp(at)},${categoryId},${runId},${counters.join()},${imported ? 't' : 'f'},${timespent ?? ''},${rowCell(extra)},${delta === null ? NO_DELTA : deltaCells(delta)})`,
    )
  }

  addHour(categoryId: number, hour: Bucket): void {
    this.#hours.push(`(${timestamp(hour.start)},${hour.day},${bucketCells(categoryId, hour)})`)
  }

  addDay(categoryId: number, day: Bucket): void {
    this.#days.push(`(${day.day},${bucketCells(categoryId, day)})`)
  }

  async flushSnapshots(): Promise<void> {
    await this.#insert('store.snapshot', SNAPSHOT_COLUMNS, this.#snapshots.splice(0))
  }

  async flushTrends(): Promise<void> {
    await this.#insert('store.hour', HOUR_COLUMNS, this.#hours.splice(0))
    await this.#insert('store.day', DAY_COLUMNS, this.#days.splice(0))
  }

  async #insert(table: string, columns: readonly string[], rows: readonly string[]): Promise<void> {
    if (rows.length === 0) return
    await sql`
      /* insertRows */
      insert into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
      select * from unnest(${textArray(rows)}::${sql.raw(`${table}_row`)}[])`.execute(this.#db)
  }
}

const NO_DELTA = ','.repeat(COUNTERS.length + 4)

function deltaCells({ decided, kind, previousAt, counters, timespent, extra }: Delta): string {
  const previous = previousAt === null ? '' : timestamp(previousAt)
  const extraCell = rowCell(extra && JSON.stringify(extra))
  return `${decided ? 't' : 'f'},${kind},${previous},${counters.join()},${timespent ?? ''},${extraCell}`
}

function bucketCells(categoryId: number, { growth, widestGapMs, snapshots, timespent }: Bucket): string {
  return `${categoryId},${growth.map(asBigint).join()},${widestGapMs ?? ''},${snapshots},${timespent ?? ''}`
}
