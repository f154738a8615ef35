// The derived tables cell by cell, each cell as PostgreSQL prints it, so that nothing is rounded and a difference can
// be reported for a single column. Needs a session in UTC with dates in ISO style.
import type pg from 'pg'
import { COUNTERS } from '../../counters/names.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Delta } from '../../counters/step.ts'
import { sameDecimal, sameJson } from '../series/stored.ts'
import { numberArray, splitArray } from '../series/text.ts'
import { asBigint, WALK_COLUMNS, type WalkRow, walkColumns } from '../series/walk-row.ts'

/** The cells of one row, in the order of its table's columns. */
export type Cells = readonly (string | null)[]

interface CellColumn {
  /** One column; or all counters, which are read as one array. */
  readonly names: readonly string[]
  readonly type: 'exact' | 'numeric' | 'jsonb' | 'counters' | 'dips'
}

export interface CellTable {
  readonly name: string
  /** The column that identifies a row within its category; null where there is only one row. */
  readonly key: { readonly name: string; readonly type: 'timestamptz' | 'date' } | null
  readonly columns: readonly CellColumn[]
}

export interface CellDifference {
  readonly column: string
  readonly stored: string | null
  readonly expected: string | null
}

const exact = (name: string): CellColumn => ({ names: [name], type: 'exact' })
const numeric = (name: string): CellColumn => ({ names: [name], type: 'numeric' })
const jsonb = (name: string): CellColumn => ({ names: [name], type: 'jsonb' })

/** The derived columns of a snapshot; what the provider said is read separately (raw-row.ts). */
export const SNAPSHOT: CellTable = {
  name: 'store.snapshot',
  key: { name: 'observed_at', type: 'timestamptz' },
  columns: [
    exact('kind'),
    exact('decided'),
    exact('previous_at'),
    { names: COUNTERS.map((name) => `${name}_delta`), type: 'exact' },
    numeric('timespent_delta'),
    jsonb('extra_delta'),
  ],
}

const BUCKET_COLUMNS: readonly CellColumn[] = [
  { names: COUNTERS, type: 'exact' },
  exact('widest_gap_ms'),
  exact('snapshots'),
  exact('corrections'),
  exact('resets'),
  numeric('timespent'),
]

export const HOUR: CellTable = {
  name: 'store.hour',
  key: { name: 'hour', type: 'timestamptz' },
  columns: [exact('day'), ...BUCKET_COLUMNS],
}

export const DAY: CellTable = {
  name: 'store.day',
  key: { name: 'day', type: 'date' },
  columns: BUCKET_COLUMNS,
}

/** The texts of a walk row are arrays of counters. */
const walkCellColumns = WALK_COLUMNS.map(([name, type]): CellColumn => {
  if (name === 'open_dips') return { names: [name], type: 'dips' }
  if (type === 'text') return { names: [name], type: 'counters' }
  return type === 'jsonb' ? jsonb(name) : type === 'numeric' ? numeric(name) : exact(name)
})

export const WALK: CellTable = { name: 'store.walk', key: null, columns: walkCellColumns }

export const CHECKPOINT: CellTable = {
  name: 'store.checkpoint',
  key: { name: 'newest_at', type: 'timestamptz' },
  columns: walkCellColumns,
}

/** SQL for the cells of `table`. */
export function cellsSql({ columns }: CellTable): string {
  return columns
    .map(({ names }) => (names.length === 1 ? `${names[0]}::text` : `array[${names.join(', ')}]::text`))
    .join(', ')
}

const PAGE_ROWS = 2_000

/** A stored row: its key, what else was asked for, and its cells. */
export interface StoredRow {
  readonly key: string
  readonly others: Cells
  readonly cells: Cells
}

/**
 * The rows of a category by their key, in pages, from `from` on; `others` is SQL for more columns, as text.
 * Through pg itself: the columns are a list, so rows come as arrays (`rowMode`), which Kysely does not ask for.
 */
export async function* readPages(
  connection: pg.ClientBase,
  table: CellTable,
  categoryId: number,
  others: readonly string[] = [],
  from = '-infinity',
): AsyncGenerator<StoredRow[]> {
  const { name, type } = table.key!
  const columns = [`${name}::text`, ...others, cellsSql(table)].join(', ')
  for (let last: string | null = null; ; ) {
    const { rows }: pg.QueryArrayResult<[string, ...Cells]> = await connection.query<
      [string, ...Cells],
      unknown[]
    >({
      text: `/* readPages */ select ${columns} from ${table.name}
        where category_id = $1 and ${name} ${last === null ? '>=' : '>'} $2::${type} order by ${name} limit ${PAGE_ROWS}`,
      values: [categoryId, last ?? from],
      rowMode: 'array',
    })
    if (rows.length > 0) {
      yield rows.map(([key, ...rest]) => ({
        key,
        others: rest.slice(0, others.length),
        cells: rest.slice(others.length),
      }))
    }
    if (rows.length < PAGE_ROWS) return
    last = rows.at(-1)![0]
  }
}

/** What differs between two rows; empty if they say the same. */
export function compareCells({ columns }: CellTable, stored: Cells, expected: Cells): CellDifference[] {
  return columns.flatMap(({ names, type }, i) => {
    const [is, should] = [stored[i]!, expected[i]!]
    if (isSame(type, is, should)) return []
    if (names.length === 1) return [{ column: names[0]!, stored: is, expected: should }]
    const [parts, expectedParts] = [splitArray(is!), splitArray(should!)]
    return names.flatMap((column, n) =>
      parts[n] === expectedParts[n] ? [] : [{ column, stored: parts[n]!, expected: expectedParts[n]! }],
    )
  })
}

function isSame(type: CellColumn['type'], a: string | null, b: string | null): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  switch (type) {
    case 'exact':
      return false
    case 'numeric':
      return isFiniteDecimal(a) && isFiniteDecimal(b) && sameDecimal(a, b)
    case 'jsonb':
      return sameJson(a, b)
    case 'counters':
      return withoutLastNulls(a) === withoutLastNulls(b)
    case 'dips':
      return sameJson(withoutLastNulls(a), withoutLastNulls(b))
  }
}

/** Arrays of counters without the nulls at their end: state from before a counter was added has no place for it. */
const withoutLastNulls = (text: string) => text.replace(/(?:, ?null)+(?=[}\]])/gi, '')

export const isFiniteDecimal = (text: string) => /^-?[\d.]+$/.test(text)

const NO_DELTA: Cells = [null, null, null, numberArray(Array(COUNTERS.length).fill(null)), null, null]

export function deltaCells(delta: Delta | null): Cells {
  if (delta === null) return NO_DELTA
  const { kind, decided, previousAt, counters, timespent, extra } = delta
  return [
    kind,
    String(decided),
    previousAt === null ? null : instantText(previousAt),
    numberArray(counters),
    timespent,
    extra === null ? null : JSON.stringify(extra),
  ]
}

function bucketCells({ growth, widestGapMs, snapshots, corrections, resets, timespent }: Bucket): Cells {
  return [
    numberArray(growth.map(asBigint)),
    widestGapMs === null ? null : String(widestGapMs),
    String(snapshots),
    String(corrections),
    String(resets),
    timespent,
  ]
}

export const hourRow = (hour: Bucket) => ({
  key: instantText(hour.start),
  cells: [hour.day, ...bucketCells(hour)],
})

export const dayRow = (day: Bucket) => ({ key: day.day, cells: bucketCells(day) })

export function walkCells(row: WalkRow): Cells {
  return walkColumns(row).map((cell, i) =>
    cell !== null && WALK_COLUMNS[i]![1] === 'timestamptz' ? instantText(Date.parse(cell)) : cell,
  )
}

/** An instant as PostgreSQL prints it: `2024-01-15 09:40:00.25+00`. */
export function instantText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, '+00')
}

/** The reverse, cut to the millisecond; NaN if the text is no instant. */
export function instantOf(text: string): number {
  return Date.parse(text.replace(' ', 'T').replace(/(?:(\.\d{1,3})\d*)?\+00$/, '$1Z'))
}
