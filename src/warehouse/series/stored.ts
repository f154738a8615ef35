// The stored series of a category, read in pages, and comparison of readings and deltas.
import { isDeepStrictEqual } from 'node:util'
import Big from 'big.js'
import { sql } from 'kysely'
import { COUNTERS, type Reading, type Snapshot } from '../../counters/names.ts'
import type { Delta, DeltaKind } from '../../counters/step.ts'
import type { Db } from '../pool.ts'
import { epochMs, instantOrStart, numberArray, splitArray, timestamp } from './text.ts'

const PAGE_ROWS = 2_000

/** A snapshot of a series, with the delta that is stored for it; `undefined`: it is not stored yet. */
export interface StoredSnapshot extends Snapshot {
  readonly stored: Delta | null | undefined
}

/** The stored snapshots of a category in (after, until], ascending, in pages. */
export async function* readSeries(
  db: Db,
  categoryId: number,
  after: number | null,
  until: number | null,
): AsyncGenerator<StoredSnapshot> {
  let last = after
  while (until !== null && (last === null || last < until)) {
    const { rows } = await sql<SeriesRow>`
      /* readSeries */
      select ${SERIES_COLUMNS} from store.snapshot
      where category_id = ${categoryId} and observed_at > ${instantOrStart(last)} and observed_at <= ${timestamp(until)}
      order by observed_at limit ${PAGE_ROWS}`.execute(db)
    for (const row of rows) yield fromRow(row)
    if (rows.length < PAGE_ROWS) return
    last = rows.at(-1)!.at
  }
}

const SERIES_COLUMNS =
  sql.raw(`${epochMs('observed_at')} as at, array[${COUNTERS.join(', ')}]::text as counters, timespent,
  extra::text as extra, kind, decided, ${epochMs('previous_at')} as previous_at,
  array[${COUNTERS.map((name) => `${name}_delta`).join(', ')}]::text as changes,
  timespent_delta, extra_delta::text as extra_delta`)

interface SeriesRow {
  readonly at: number
  readonly counters: string
  readonly timespent: string | null
  readonly extra: string | null
  readonly kind: DeltaKind | null
  readonly decided: boolean
  readonly previous_at: number | null
  readonly changes: string
  readonly timespent_delta: string | null
  readonly extra_delta: string | null
}

function fromRow(row: SeriesRow): StoredSnapshot {
  const { at, timespent, extra, kind, decided } = row
  const stored: Delta | null =
    kind === null
      ? null
      : {
          previousAt: row.previous_at,
          kind,
          decided,
          counters: numbers(row.changes),
          timespent: row.timespent_delta,
          extra: row.extra_delta === null ? null : JSON.parse(row.extra_delta),
        }
  return { at, counters: numbers(row.counters), timespent, extra, stored }
}

function numbers(literal: string): (number | null)[] {
  return splitArray(literal).map((value) => (value === null ? null : Number(value)))
}

/** The stored snapshots of a category at given instants. */
export async function readSnapshotsAt(
  db: Db,
  categoryId: number,
  instants: readonly number[],
): Promise<Map<number, StoredSnapshot>> {
  const { rows } = await sql<SeriesRow>`
    /* readSnapshotsAt */
    select ${SERIES_COLUMNS} from store.snapshot
    where category_id = ${categoryId} and observed_at = any(${numberArray(instants.map(timestamp))}::timestamptz[])`.execute(
    db,
  )
  return new Map(rows.map(fromRow).map((snapshot) => [snapshot.at, snapshot]))
}

/** Whether two readings hold the same values, in whatever spelling. */
export function sameReading(a: Reading, b: Reading): boolean {
  return (
    a.counters.every((value, i) => value === b.counters[i]) &&
    sameDecimal(a.timespent, b.timespent) &&
    sameJson(a.extra, b.extra)
  )
}

/** Whether two deltas say the same, in whatever spelling. */
export function sameDelta(a: Delta | null, b: Delta | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.kind === b.kind &&
    a.decided === b.decided &&
    a.previousAt === b.previousAt &&
    a.counters.every((value, i) => value === b.counters[i]) &&
    sameDecimal(a.timespent, b.timespent) &&
    sameTotals(a.extra, b.extra)
  )
}

export function sameDecimal(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && new Big(a).eq(b))
}

function sameTotals(a: Delta['extra'], b: Delta['extra']): boolean {
  if (a === null || b === null) return a === b
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  )
}

export function sameJson(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && isDeepStrictEqual(parseExactly(a), parseExactly(b)))
}

/** JSON with its numbers in one exact spelling, as jsonb compares them. */
function parseExactly(json: string): unknown {
  return JSON.parse(json, (_name, value, context) => {
    if (typeof value === 'number') return `number ${new Big(context?.source ?? value).toFixed()}`
    return typeof value === 'string' ? `string ${value}` : value
  })
}
