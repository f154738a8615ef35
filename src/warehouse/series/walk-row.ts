// The derivation state of one category, as a row of store.walk or, an earlier one, of store.checkpoint.
import type pg from 'pg'
import type { Calendar } from '../../counters/calendar.ts'
import type { DipCandidate } from '../../counters/dip.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Totals } from '../../counters/step.ts'
import type { WalkState } from '../../counters/walk.ts'
import { epochMs, numberArray, splitArray, textArray, timestamp } from './text.ts'

/** Everything needed to go on at the end of a category's series. Instants in epoch milliseconds. */
export interface WalkRow {
  readonly categoryId: number
  /** The first and the newest snapshot, dips included; null where there is none yet. */
  readonly firstAt: number | null
  readonly newestAt: number | null
  readonly state: WalkState
  /** The hour and the day of the newest snapshot. */
  readonly open: { readonly hour: Bucket; readonly day: Bucket } | null
  readonly snapshotsSinceCheckpoint: number
}

/** A category without snapshots. */
export function emptyWalkRow(categoryId: number): WalkRow {
  const state = { standing: null, open: [] }
  return { categoryId, firstAt: null, newestAt: null, state, open: null, snapshotsSinceCheckpoint: 0 }
}

/** The columns of store.walk after the category, with their types. */
export const WALK_COLUMNS = [
  ['first_at', 'timestamptz'],
  ['newest_at', 'timestamptz'],
  ['standing_at', 'timestamptz'],
  ['last', 'text'],
  ['last_timespent', 'numeric'],
  ['last_extra', 'jsonb'],
  ['open_dips', 'jsonb'],
  ['hour', 'timestamptz'],
  ['hour_growth', 'text'],
  ['hour_widest_gap_ms', 'bigint'],
  ['hour_snapshots', 'integer'],
  ['hour_timespent', 'numeric'],
  ['day', 'date'],
  ['day_growth', 'text'],
  ['day_widest_gap_ms', 'bigint'],
  ['day_snapshots', 'integer'],
  ['day_timespent', 'numeric'],
  ['snapshots_since_checkpoint', 'integer'],
] as const

const SELECTED = [
  'category_id',
  ...WALK_COLUMNS.map(([name, type]) => {
    if (type === 'timestamptz') return epochMs(name)
    return type === 'integer' || type === 'bigint' || type === 'text' ? name : `${name}::text`
  }),
].join(', ')

const NAMES = WALK_COLUMNS.map(([name]) => name).join(', ')

/** Rows as a table: a parameter a column. */
const UNNESTED = `unnest($1::integer[], ${WALK_COLUMNS.map(([, type], i) => `$${i + 2}::${type}[]`).join(', ')})
  n (category_id, ${NAMES})`

function unnestedValues(rows: readonly WalkRow[]): string[] {
  const cells = rows.map(walkColumns)
  return [
    numberArray(rows.map((row) => row.categoryId)),
    ...WALK_COLUMNS.map(([, type], i) => {
      const isQuoted = type === 'text' || type === 'jsonb'
      return (isQuoted ? textArray : numberArray)(cells.map((row) => row[i]!))
    }),
  ]
}

/** Reads rows of `table`; `where` and what follows it are fixed SQL of the caller, `values` its parameters. */
export async function readWalkRows(
  connection: pg.ClientBase,
  calendar: Calendar,
  table: 'store.walk' | 'store.checkpoint',
  where: string,
  values: unknown[],
): Promise<WalkRow[]> {
  const { rows } = await connection.query<WalkColumns>({
    text: `/* readWalkRows */ select ${SELECTED} from ${table} where ${where}`,
    values,
    rowMode: 'array',
  })
  return rows.map((row) => fromColumns(row, calendar))
}

/** Writes the walk rows of categories, whose rows exist and are locked by this transaction. */
export async function writeWalkRows(connection: pg.ClientBase, rows: readonly WalkRow[]): Promise<void> {
  if (rows.length === 0) return
  // Not a named statement: behind PgBouncer in transaction mode the name is there already, or not, by chance.
  await connection.query({
    text: `/* writeWalkRows */
      update store.walk w set ${WALK_COLUMNS.map(([name]) => `${name} = n.${name}`).join(', ')}
      from ${UNNESTED} where w.category_id = n.category_id`,
    values: unnestedValues(rows),
  })
}

/** Keeps copies of rows, so that a later derivation can start from there. */
export async function insertCheckpoints(connection: pg.ClientBase, rows: readonly WalkRow[]): Promise<void> {
  if (rows.length === 0) return
  await connection.query(
    `/* insertCheckpoints */
    insert into store.checkpoint (category_id, ${NAMES})
    select category_id, ${NAMES} from ${UNNESTED}`,
    unnestedValues(rows),
  )
}

/** The cells of a row in the order of WALK_COLUMNS, as PostgreSQL reads them. */
export function walkColumns(row: WalkRow): (string | null)[] {
  const { standing, open } = row.state
  return [
    instant(row.firstAt),
    instant(row.newestAt),
    instant(standing?.at ?? null),
    standing && numberArray(standing.last),
    standing?.timespent ?? null,
    standing?.extra ? JSON.stringify(standing.extra) : null,
    open.length === 0
      ? null
      : JSON.stringify(open.map(({ total, ...rest }) => ({ ...rest, total: String(total) }))),
    ...bucketColumns(row.open?.hour, instant(row.open?.hour.start ?? null)),
    ...bucketColumns(row.open?.day, row.open?.day.day ?? null),
    String(row.snapshotsSinceCheckpoint),
  ]
}

function bucketColumns(bucket: Bucket | undefined, start: string | null): (string | null)[] {
  if (bucket === undefined) return [start, null, null, null, null]
  const { growth, widestGapMs, snapshots, timespent } = bucket
  return [
    start,
    numberArray(growth.map(asBigint)),
    widestGapMs === null ? null : String(widestGapMs),
    String(snapshots),
    timespent,
  ]
}

const MOST = 2n ** 63n - 1n

/** What a bigint column can hold: only a bucket of a thousand resets at the top of the range is beyond. */
export function asBigint(value: bigint | null): bigint | null {
  return value === null ? null : value > MOST ? MOST : value < -MOST ? -MOST : value
}

const instant = (at: number | null) => (at === null ? null : timestamp(at))

type BucketColumns = [growth: string, widestGapMs: string | null, snapshots: number, timespent: string | null]

type WalkColumns = [
  categoryId: number,
  firstAt: number | null,
  newestAt: number | null,
  standingAt: number | null,
  last: string,
  timespent: string | null,
  extra: string | null,
  openDips: string | null,
  hour: number | null,
  ...hourBucket: BucketColumns,
  day: string,
  ...dayBucket: BucketColumns,
  snapshotsSinceCheckpoint: number,
]

function fromColumns(columns: WalkColumns, calendar: Calendar): WalkRow {
  const [categoryId, firstAt, newestAt, standingAt, last, timespent, extra, openDips, hour] = columns
  return {
    categoryId,
    firstAt,
    newestAt,
    state: {
      standing:
        standingAt === null
          ? null
          : { at: standingAt, last: counters(last), timespent, extra: totals(extra) },
      open: openDips === null ? [] : candidates(openDips),
    },
    open:
      hour === null
        ? null
        : {
            hour: { ...calendar.hourAt(hour), ...bucket(columns[9], columns[10], columns[11], columns[12]) },
            day: { ...calendar.dayAt(hour), ...bucket(columns[14], columns[15], columns[16], columns[17]) },
          },
    snapshotsSinceCheckpoint: columns[18],
  }
}

function bucket(
  ...[growth, widestGapMs, snapshots, timespent]: BucketColumns
): Omit<Bucket, 'day' | 'start' | 'end'> {
  return {
    growth: splitArray(growth).map((value) => (value === null ? null : BigInt(value))),
    widestGapMs: widestGapMs === null ? null : Number(widestGapMs),
    snapshots,
    timespent,
  }
}

function counters(literal: string): (number | null)[] {
  return splitArray(literal).map((value) => (value === null ? null : Number(value)))
}

function totals(json: string | null): Totals | null {
  return json === null ? null : Object.assign(Object.create(null), JSON.parse(json))
}

function candidates(json: string): DipCandidate[] {
  return JSON.parse(json).map((candidate: DipCandidate) => ({ ...candidate, total: BigInt(candidate.total) }))
}
