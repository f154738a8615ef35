// The derivation state of one category, as a row of store.walk or, an earlier one, of store.checkpoint.
import { sql } from 'kysely'
import type { Calendar } from '../../counters/calendar.ts'
import type { DipCandidate } from '../../counters/dip.ts'
import { padded } from '../../counters/padded.ts'
import type { Bucket } from '../../counters/spread.ts'
import type { Totals } from '../../counters/step.ts'
import type { WalkState } from '../../counters/walk.ts'
import type { Db } from '../pool.ts'
import { integers, plain, selectRows, texts } from './select-rows.ts'
import { epochMs, numberArray, splitArray, timestamp } from './text.ts'

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
  ['hour_corrections', 'integer'],
  ['hour_resets', 'integer'],
  ['hour_timespent', 'numeric'],
  ['day', 'date'],
  ['day_growth', 'text'],
  ['day_widest_gap_ms', 'bigint'],
  ['day_snapshots', 'integer'],
  ['day_corrections', 'integer'],
  ['day_resets', 'integer'],
  ['day_timespent', 'numeric'],
  ['snapshots_since_checkpoint', 'integer'],
] as const

interface WalkCells {
  readonly categoryId: number
  readonly cells: readonly (string | null)[]
}

const COLUMNS = [
  integers('category_id', ({ categoryId }: WalkCells) => categoryId),
  ...WALK_COLUMNS.map(([name, type], i) => {
    const cell = ({ cells }: WalkCells) => cells[i]!
    return type === 'text' || type === 'jsonb' ? texts(name, type, cell) : plain(name, type, cell)
  }),
]

/** A query for rows, in the columns of store.walk. */
function selectCells(rows: readonly WalkRow[]) {
  return selectRows(
    rows.map((row) => ({ categoryId: row.categoryId, cells: walkColumns(row) })),
    COLUMNS,
  )
}

/** A query for walk rows, or for the checkpoints that are earlier copies of them; the caller adds which. */
export function selectWalkRows(db: Db, table: 'store.walk' | 'store.checkpoint' = 'store.walk') {
  return db
    .selectFrom(table)
    .select(['category_id', 'last', 'last_timespent', 'snapshots_since_checkpoint'])
    .select(['hour_growth', 'hour_widest_gap_ms', 'hour_snapshots', 'hour_timespent'])
    .select(['hour_corrections', 'hour_resets', 'day_corrections', 'day_resets'])
    .select(['day_growth', 'day_widest_gap_ms', 'day_snapshots', 'day_timespent'])
    .select([msOf('first_at'), msOf('newest_at'), msOf('standing_at'), msOf('hour')])
    .select([jsonText('last_extra'), jsonText('open_dips')])
}

const msOf = <Name extends string>(name: Name) => sql<number | null>`${sql.raw(epochMs(name))}`.as(name)
const jsonText = <Name extends string>(name: Name) => sql<string | null>`${sql.ref(name)}::text`.as(name)

type StoredWalkRow = Awaited<ReturnType<ReturnType<typeof selectWalkRows>['execute']>>[number]

export async function readWalkRows(
  query: { execute(): Promise<StoredWalkRow[]> },
  calendar: Calendar,
): Promise<WalkRow[]> {
  return (await query.execute()).map((row) => fromStored(row, calendar))
}

/** Writes the walk rows of categories, whose rows exist and are locked by this transaction. */
export async function writeWalkRows(db: Db, rows: readonly WalkRow[]): Promise<void> {
  if (rows.length === 0) return
  const set = WALK_COLUMNS.map(([name]) => sql`${sql.ref(name)} = n.${sql.ref(name)}`)
  await sql`
    /* writeWalkRows */
    update store.walk w set ${sql.join(set)}
    from (${selectCells(rows)}) n where w.category_id = n.category_id`.execute(db)
}

/** Stores copies of rows, from which a later derivation can start. */
export async function insertCheckpoints(db: Db, rows: readonly WalkRow[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto('store.checkpoint')
    .columns(COLUMNS.map(({ name }) => name))
    .expression(selectCells(rows))
    .execute()
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
  if (bucket === undefined) return [start, null, null, null, null, null, null]
  const { growth, widestGapMs, snapshots, corrections, resets, timespent } = bucket
  return [
    start,
    numberArray(growth.map(asBigint)),
    widestGapMs === null ? null : String(widestGapMs),
    String(snapshots),
    String(corrections),
    String(resets),
    timespent,
  ]
}

const MOST = 2n ** 63n - 1n

/** The value within the range of a bigint column. Only a bucket of a thousand resets near 2^53 exceeds it. */
export function asBigint(value: bigint | null): bigint | null {
  return value === null ? null : value > MOST ? MOST : value < -MOST ? -MOST : value
}

const instant = (at: number | null) => (at === null ? null : timestamp(at))

function fromStored(row: StoredWalkRow, calendar: Calendar): WalkRow {
  const { standing_at: standingAt, hour } = row
  return {
    categoryId: row.category_id,
    firstAt: row.first_at,
    newestAt: row.newest_at,
    state: {
      standing:
        standingAt === null
          ? null
          : {
              at: standingAt,
              last: counters(row.last!),
              timespent: row.last_timespent,
              extra: totals(row.last_extra),
            },
      open: row.open_dips === null ? [] : candidates(row.open_dips),
    },
    open:
      hour === null
        ? null
        : {
            hour: {
              ...calendar.hourAt(hour),
              growth: growth(row.hour_growth!),
              widestGapMs: row.hour_widest_gap_ms === null ? null : Number(row.hour_widest_gap_ms),
              snapshots: row.hour_snapshots!,
              corrections: row.hour_corrections!,
              resets: row.hour_resets!,
              timespent: row.hour_timespent,
            },
            day: {
              ...calendar.dayAt(hour),
              growth: growth(row.day_growth!),
              widestGapMs: row.day_widest_gap_ms === null ? null : Number(row.day_widest_gap_ms),
              snapshots: row.day_snapshots!,
              corrections: row.day_corrections!,
              resets: row.day_resets!,
              timespent: row.day_timespent,
            },
          },
    snapshotsSinceCheckpoint: row.snapshots_since_checkpoint,
  }
}

function growth(literal: string): readonly (bigint | null)[] {
  return padded(splitArray(literal).map((value) => (value === null ? null : BigInt(value))))
}

function counters(literal: string): readonly (number | null)[] {
  return padded(splitArray(literal).map((value) => (value === null ? null : Number(value))))
}

function totals(json: string | null): Totals | null {
  return json === null ? null : Object.assign(Object.create(null), JSON.parse(json))
}

function candidates(json: string): DipCandidate[] {
  return JSON.parse(json).map((candidate: DipCandidate) => ({
    ...candidate,
    base: padded(candidate.base),
    total: BigInt(candidate.total),
  }))
}
