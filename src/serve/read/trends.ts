// Trends of some categories in a range of days. The statement that is run is the one that readers can copy:
// built once, with placeholders to run and with literals to show.
import { CompiledQuery, sql } from 'kysely'
import pg from 'pg'
import { daysBefore } from '../../read/categories.ts'
import { type Bucket, type Metric, VIEWS } from '../../read/metrics.ts'
import type { Source } from '../../read/source.ts'

export interface TrendsQuery {
  readonly by: Bucket
  /** Dates of the reporting zone, both included; weeks and months that they lie in count whole. */
  readonly from: string
  readonly to: string
  readonly metrics: readonly Metric[]
}

export interface CategoryKey {
  readonly account: string
  readonly category: string
}

export type Value = number | string | null

export interface TrendRow {
  /** The start of an hour, or the date of a day, the Monday of a week, the first of a month. */
  readonly bucket: Date | string
  /** In the order of the metrics asked for. */
  readonly values: readonly Value[]
  readonly snapshots: number
  /** 0 … 1 */
  readonly coverage: number
  readonly widestGapMs: number | null
}

type Literal = (value: string) => string

/** The SQL that gives the table of one category, newest first. */
export function trendsSql(query: TrendsQuery, key: CategoryKey): string {
  return `${trendsText(query, key, pg.escapeLiteral)};`
}

function trendsText(query: TrendsQuery, { account, category }: CategoryKey, literal: Literal): string {
  return [
    `select ${[query.by, ...query.metrics, 'snapshots', 'coverage', 'widest_gap'].join(', ')}`,
    `from ${VIEWS[query.by]}`,
    `where account = ${literal(account)} and category = ${literal(category)}`,
    `  and ${withinText(query, literal)}`,
    `order by ${query.by} desc`,
  ].join('\n')
}

/** The condition on the bucket. Hours are cut by the calendar's edges, so that a reader's own zone does not matter. */
function withinText({ by, from, to }: TrendsQuery, literal: Literal): string {
  if (by === 'day') return `day between ${literal(from)} and ${literal(to)}`
  if (by === 'hour') {
    return [
      `hour >= (select min(starts_at) from sms.calendar where day >= ${literal(from)})`,
      `  and hour < (select max(ends_at) from sms.calendar where day <= ${literal(to)})`,
    ].join('\n')
  }
  return `${by} between ${literal(startOf(by, from))} and ${literal(to)}`
}

/** The Monday, or the first of the month, at or before a date. */
function startOf(by: 'week' | 'month', date: string): string {
  if (by === 'month') return `${date.slice(0, 7)}-01`
  const weekday = new Date(date).getUTCDay() || 7
  return daysBefore(date, weekday - 1)
}

/** The trends of one category, newest first. */
export async function readTrends({ db }: Source, query: TrendsQuery, key: CategoryKey): Promise<TrendRow[]> {
  const values: string[] = []
  const text = trendsText(query, key, (value) => `$${values.push(value)}`)
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(`/* readTrends */ ${text}`, values) as CompiledQuery<Record<string, unknown>>,
  )
  return rows.map((row) => ({
    bucket: row[query.by] as Date | string,
    values: query.metrics.map((metric) => measured(metric, row[metric])),
    snapshots: Number(row.snapshots),
    coverage: Number(row.coverage),
    widestGapMs: intervalMs(row.widest_gap as PgInterval | null),
  }))
}

/** numeric arrives as text; so does a count that a number cannot hold, and that stays text. */
function measured(metric: Metric, value: unknown): Value {
  return metric === 'timespent' && value !== null ? Number(value) : (value as Value)
}

type PgInterval = Partial<Record<'days' | 'hours' | 'minutes' | 'seconds' | 'milliseconds', number>>

export function intervalMs(interval: PgInterval | null): number | null {
  if (interval === null) return null
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = interval
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
}

/** When the buckets of a range begin and end (epoch ms), by their date; hours are as long as they say themselves. */
export async function readEdges(
  { db }: Source,
  { by, from, to }: TrendsQuery,
): Promise<ReadonlyMap<string, readonly [startsAt: number, endsAt: number]>> {
  const column = by === 'hour' ? 'day' : by
  const first = by === 'week' || by === 'month' ? startOf(by, from) : from
  const { rows } = await sql<{ bucket: string; starts_at: Date; ends_at: Date }>`
    /* readEdges */
    select ${sql.ref(column)} as bucket, min(starts_at) as starts_at, max(ends_at) as ends_at
    from sms.calendar where ${sql.ref(column)} between ${first} and ${to}
    group by 1 order by 1`.execute(db)
  return new Map(rows.map((row) => [row.bucket, [row.starts_at.getTime(), row.ends_at.getTime()] as const]))
}

/** The SQL that puts one metric of several categories side by side, newest first. */
export function compareSql(query: TrendsQuery, keys: readonly CategoryKey[]): string {
  const [metric] = query.metrics
  const columns = columnNames(keys).map((name, i) => {
    const { account, category } = keys[i]!
    const which = `account = ${pg.escapeLiteral(account)} and category = ${pg.escapeLiteral(category)}`
    return `  max(${metric}) filter (where ${which}) as ${pg.escapeIdentifier(name)}`
  })
  const pairs = keys.map(
    ({ account, category }) => `(${pg.escapeLiteral(account)}, ${pg.escapeLiteral(category)})`,
  )
  return [
    `select ${query.by},`,
    columns.join(',\n'),
    `from ${VIEWS[query.by]}`,
    `where (account, category) in (${pairs.join(', ')})`,
    `  and ${withinText(query, pg.escapeLiteral)}`,
    `group by ${query.by}`,
    `order by ${query.by} desc;`,
  ].join('\n')
}

const NAME_BYTES = 63 // PostgreSQL cuts a longer name of a column

/** A name for each category's column: the category's own where that is unique, and short enough. */
export function columnNames(keys: readonly CategoryKey[]): string[] {
  const isUnique = new Set(keys.map(({ category }) => category)).size === keys.length
  return keys.map(({ account, category }, i) => {
    const name = isUnique ? category : `${account}: ${category}`
    return Buffer.byteLength(name) <= NAME_BYTES ? name : `category ${i + 1}`
  })
}
