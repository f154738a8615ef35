// The stored series of a category, read in pages, and how to tell whether a stored delta is right.
import { isDeepStrictEqual } from 'node:util'
import Big from 'big.js'
import type pg from 'pg'
import { COUNTERS, type Reading, type Snapshot } from '../../counters/names.ts'
import type { Delta, DeltaKind } from '../../counters/step.ts'
import { epochMs, splitArray, timestamp } from './text.ts'

const PAGE_ROWS = 2_000

/** A snapshot of a series, with the delta that is stored for it; `undefined`: it is not stored yet. */
export interface StoredSnapshot extends Snapshot {
  readonly stored: Delta | null | undefined
}

/** The stored snapshots of a category in (after, until], ascending, in pages. */
export async function* readSeries(
  connection: pg.ClientBase,
  categoryId: number,
  after: number | null,
  until: number | null,
): AsyncGenerator<StoredSnapshot> {
  let last = after
  while (until !== null && (last === null || last < until)) {
    const { rows } = await connection.query<SeriesRow>({
      text: `/* readSeries */ select ${SERIES_COLUMNS} from store.snapshot
        where category_id = $1 and observed_at > $2 and observed_at <= $3 order by observed_at limit ${PAGE_ROWS}`,
      values: [categoryId, last === null ? '-infinity' : timestamp(last), timestamp(until)],
      rowMode: 'array',
    })
    for (const row of rows) yield fromColumns(row)
    if (rows.length < PAGE_ROWS) return
    last = rows.at(-1)![0]
  }
}

const SERIES_COLUMNS = `${epochMs('observed_at')}, array[${COUNTERS.join(', ')}]::text, timespent::text, extra::text,
  kind, decided, ${epochMs('previous_at')}, array[${COUNTERS.map((name) => `${name}_delta`).join(', ')}]::text,
  timespent_delta::text, extra_delta::text`

type SeriesRow = [
  at: number,
  counters: string,
  timespent: string | null,
  extra: string | null,
  kind: DeltaKind | null,
  decided: boolean,
  previousAt: number | null,
  changes: string,
  timespentChange: string | null,
  extraChange: string | null,
]

function fromColumns(row: SeriesRow): StoredSnapshot {
  const [at, counters, timespent, extra, kind, decided, previousAt, changes, timespentChange, extraChange] =
    row
  const stored: Delta | null =
    kind === null
      ? null
      : {
          previousAt,
          kind,
          decided,
          counters: numbers(changes),
          timespent: timespentChange,
          extra: extraChange === null ? null : JSON.parse(extraChange),
        }
  return { at, counters: numbers(counters), timespent, extra, stored }
}

function numbers(literal: string): (number | null)[] {
  return splitArray(literal).map((value) => (value === null ? null : Number(value)))
}

/** The stored snapshots of a category at given instants. */
export async function readSnapshotsAt(
  connection: pg.ClientBase,
  categoryId: number,
  instants: readonly number[],
): Promise<Map<number, StoredSnapshot>> {
  const { rows } = await connection.query<SeriesRow>({
    text: `/* readSnapshotsAt */ select ${SERIES_COLUMNS} from store.snapshot
      where category_id = $1 and observed_at = any($2::timestamptz[])`,
    values: [categoryId, instants.map(timestamp)],
    rowMode: 'array',
  })
  return new Map(rows.map(fromColumns).map((snapshot) => [snapshot.at, snapshot]))
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
