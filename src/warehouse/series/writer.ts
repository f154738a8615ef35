// What a derivation writes, of one category or of a thousand: gathered, then stored in few statements.

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Snapshot } from '../../counters/names.ts'
import { COUNTERS } from '../../counters/names.ts'
import type { Bucket, Trends } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import { copyText, numberArray, textArray, timestamp } from './text.ts'
import { asBigint, insertCheckpoints, type WalkRow, writeWalkRows } from './walk-row.ts'

const DELTAS = COUNTERS.map((name) => `${name}_delta`)
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
  ...DELTAS,
  'timespent_delta',
  'extra_delta',
].join(', ')
const BUCKET_COLUMNS = ['category_id', ...COUNTERS, 'widest_gap_ms', 'snapshots', 'timespent'].join(', ')
const PART_CHARS = 16 * 1024
const PART_BYTES = 4 * PART_CHARS
const NO_DELTA = `${'\t'.repeat(COUNTERS.length + 5)}\n`

/** Where new snapshots come from: the run that stores them, and whether they are an import. */
export interface Origin {
  readonly runId: number
  readonly imported: boolean
}

/**
 * Lines that wait for COPY (null is nothing between two tabs, as join writes it), as bytes: thousands of strings that are still in pieces would keep the garbage
 * collector busy for a quarter of an import's time.
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

  /** Takes back what has been written: bytes that wait for a collection add up. */
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

export class Writer {
  readonly #connection: pg.ClientBase
  readonly #snapshots = new CopyLines()
  #changed: { categoryId: number; at: number; delta: Delta | null }[] = []
  readonly #hours = new CopyLines()
  readonly #days = new CopyLines()
  #walkRows: WalkRow[] = []
  #checkpoints: WalkRow[] = []

  /** `connection` is in a transaction that holds the walk rows of all categories written. */
  constructor(connection: pg.ClientBase) {
    this.#connection = connection
  }

  /** How many rows wait to be written. */
  get size(): number {
    return (
      this.#snapshots.count +
      this.#changed.length +
      this.#hours.count +
      this.#days.count +
      this.#walkRows.length
    )
  }

  insertSnapshot(
    categoryId: number,
    { runId, imported }: Origin,
    snapshot: Snapshot,
    delta: Delta | null,
  ): void {
    const { at, counters, timespent, extra } = snapshot
    const line = `${timestamp(at)}\t${categoryId}\t${runId}\t${counters.join('\t')}\t${imported ? 't' : 'f'}\t${timespent ?? ''}\t${copyText(extra ?? '')}`
    this.#snapshots.add(delta === null ? line + NO_DELTA : line + deltaText(delta))
  }

  /** Replaces the delta of a snapshot that is already stored. */
  changeDelta(categoryId: number, at: number, delta: Delta | null): void {
    this.#changed.push({ categoryId, at, delta })
  }

  insertTrends(categoryId: number, { hours, days }: Trends): void {
    for (const hour of hours)
      this.#hours.add(`${timestamp(hour.start)}\t${hour.day}\t${bucketText(categoryId, hour)}`)
    for (const day of days) this.#days.add(`${day.day}\t${bucketText(categoryId, day)}`)
  }

  setWalkRow(row: WalkRow): void {
    this.#walkRows.push(row)
  }

  /** Keeps `row` to start again from; what may still turn out to be a dip is no matter of a start that old. */
  insertCheckpoint(row: WalkRow): void {
    this.#checkpoints.push({ ...row, state: { ...row.state, open: [] } })
  }

  async flush(): Promise<void> {
    await this.#copy(`store.snapshot (${SNAPSHOT_COLUMNS})`, this.#snapshots)
    await this.#updateDeltas(this.#changed.splice(0))
    await this.#copy(`store.hour (hour, day, ${BUCKET_COLUMNS})`, this.#hours)
    await this.#copy(`store.day (day, ${BUCKET_COLUMNS})`, this.#days)
    await insertCheckpoints(this.#connection, this.#checkpoints.splice(0))
    await writeWalkRows(this.#connection, this.#walkRows.splice(0))
  }

  async #copy(target: string, lines: CopyLines): Promise<void> {
    if (lines.count === 0) return
    const copy = this.#connection.query(copyFrom(`copy ${target} from stdin (null '')`))
    const parts = lines.take()
    await pipeline(Readable.from(parts), copy)
    lines.reuse(parts)
  }

  async #updateDeltas(changed: { categoryId: number; at: number; delta: Delta | null }[]): Promise<void> {
    if (changed.length === 0) return
    const set = DELTAS.map((name, i) => `${name} = n.counters[${i + 1}]`).join(', ')
    await this.#connection.query(
      `/* updateDeltas */
      update store.snapshot s set decided = n.decided, kind = n.kind, previous_at = n.previous_at, ${set},
        timespent_delta = n.timespent, extra_delta = n.extra
      from (
        select category_id, at, decided, kind::store.delta_kind, previous_at, counters::bigint[], timespent, extra::jsonb
        from unnest($1::integer[], $2::timestamptz[], $3::boolean[], $4::text[], $5::timestamptz[], $6::text[],
          $7::numeric[], $8::text[]) u (category_id, at, decided, kind, previous_at, counters, timespent, extra)
      ) n
      where s.category_id = n.category_id and s.observed_at = n.at`,
      [
        numberArray(changed.map(({ categoryId }) => categoryId)),
        textArray(changed.map(({ at }) => timestamp(at))),
        textArray(changed.map(({ delta }) => delta && String(delta.decided))),
        textArray(changed.map(({ delta }) => delta?.kind ?? null)),
        textArray(
          changed.map(({ delta }) => (delta?.previousAt == null ? null : timestamp(delta.previousAt))),
        ),
        textArray(changed.map(({ delta }) => delta && numberArray(delta.counters))),
        textArray(changed.map(({ delta }) => delta?.timespent ?? null)),
        textArray(changed.map(({ delta }) => (delta?.extra ? JSON.stringify(delta.extra) : null))),
      ],
    )
  }
}

function deltaText({ decided, kind, previousAt, counters, timespent, extra }: Delta): string {
  const previous = previousAt === null ? '' : timestamp(previousAt)
  const extraText = extra === null ? '' : copyText(JSON.stringify(extra))
  return `\t${decided ? 't' : 'f'}\t${kind}\t${previous}\t${counters.join('\t')}\t${timespent ?? ''}\t${extraText}\n`
}

function bucketText(categoryId: number, { growth, widestGapMs, snapshots, timespent }: Bucket): string {
  const values = growth.map(asBigint).join('\t')
  return `${categoryId}\t${values}\t${widestGapMs ?? ''}\t${snapshots}\t${timespent ?? ''}\n`
}
