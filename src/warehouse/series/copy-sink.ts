// New rows by COPY, for imports and rebuilds: thousands of rows at a time.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import type { Origin, RowSink } from './row-sink.ts'
import { copyText, timestamp } from './text.ts'
import { asBigint } from './walk-row.ts'

const PART_CHARS = 16 * 1024
const PART_BYTES = 4 * PART_CHARS
/** The columns in the order of a line's cells. */
const SNAPSHOT_COLUMNS = [
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

const BUCKET_COLUMNS = [
  'category_id',
  ...COUNTERS,
  'widest_gap_ms',
  'snapshots',
  'corrections',
  'resets',
  'timespent',
]

const HOUR_COLUMNS = ['hour', 'day', ...BUCKET_COLUMNS]

const DAY_COLUMNS = ['day', ...BUCKET_COLUMNS]

const NO_DELTA = '\t'.repeat(COUNTERS.length + 4) // empty cells

/**
 * Lines that wait for COPY, as bytes: thousands of strings that are still in pieces would keep the garbage collector
 * busy for a quarter of an import's time. A null is an empty cell, which is what join makes of it.
 */
class CopyLines {
  #text = ''
  #parts: Buffer[] = []
  #free: Buffer[] = []
  count = 0

  add(line: string): void {
    this.#text += line
    this.count += 1
    if (this.#text.length >= PART_CHARS) this.#seal()
  }

  take(): Buffer[] {
    this.#seal()
    this.count = 0
    return this.#parts.splice(0)
  }

  /** Takes written buffers back, because buffers that wait for the garbage collector add up. */
  reuse(parts: Buffer[]): void {
    for (const { buffer } of parts) if (buffer.byteLength === PART_BYTES) this.#free.push(Buffer.from(buffer))
  }

  #seal(): void {
    const isUsual = this.#text.length * 3 <= PART_BYTES // UTF-8 takes up to three bytes a character
    const bytes = isUsual ? (this.#free.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES)) : Buffer.from(this.#text)
    this.#parts.push(isUsual ? bytes.subarray(0, bytes.write(this.#text)) : bytes)
    this.#text = ''
  }
}

export class CopySink implements RowSink {
  readonly #connection: pg.ClientBase
  readonly #origin: Origin | null
  readonly #snapshots = new CopyLines()
  readonly #hours = new CopyLines()
  readonly #days = new CopyLines()

  /** `connection` is in a transaction. `origin` null: no snapshot is added. */
  constructor(connection: pg.ClientBase, origin: Origin | null) {
    this.#connection = connection
    this.#origin = origin
  }

  get size(): number {
    return this.#snapshots.count + this.#hours.count + this.#days.count
  }

  addSnapshot(categoryId: number, { at, counters, timespent, extra }: Snapshot, delta: Delta | null): void {
    const { runId, imported } = this.#origin!
    this.#snapshots.add(
      `${timestamp(at)}\t${categoryId}\t${runId}\t${counters.join('\t')}\t${imported ? 't' : 'f'}\t${timespent ?? ''}\t${copyText(extra ?? '')}\t${delta === null ? NO_DELTA : deltaText(delta)}\n`,
    )
  }

  addHour(categoryId: number, hour: Bucket): void {
    this.#hours.add(`${timestamp(hour.start)}\t${hour.day}\t${bucketText(categoryId, hour)}`)
  }

  addDay(categoryId: number, day: Bucket): void {
    this.#days.add(`${day.day}\t${bucketText(categoryId, day)}`)
  }

  async flushSnapshots(): Promise<void> {
    await this.#copy('store.snapshot', SNAPSHOT_COLUMNS, this.#snapshots)
  }

  async flushTrends(): Promise<void> {
    await this.#copy('store.hour', HOUR_COLUMNS, this.#hours)
    await this.#copy('store.day', DAY_COLUMNS, this.#days)
  }

  async #copy(table: string, columns: readonly string[], lines: CopyLines): Promise<void> {
    if (lines.count === 0) return
    const target = `${table} (${columns.join(', ')})`
    const copy = this.#connection.query(copyFrom(`copy ${target} from stdin (null '')`))
    const parts = lines.take()
    await pipeline(Readable.from(parts), copy)
    lines.reuse(parts)
  }
}

function deltaText({ decided, kind, previousAt, counters, timespent, extra }: Delta): string {
  const previous = previousAt === null ? '' : timestamp(previousAt)
  const extraText = extra === null ? '' : copyText(JSON.stringify(extra))
  return `${decided ? 't' : 'f'}\t${kind}\t${previous}\t${counters.join('\t')}\t${timespent ?? ''}\t${extraText}`
}

function bucketText(categoryId: number, bucket: Bucket): string {
  const { growth, widestGapMs, snapshots, corrections, resets, timespent } = bucket
  const values = growth.map(asBigint).join('\t')
  return `${categoryId}\t${values}\t${widestGapMs ?? ''}\t${snapshots}\t${corrections}\t${resets}\t${timespent ?? ''}\n`
}
