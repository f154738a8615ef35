// The trends of a category. One statement, with placeholders to run it and with literals for people to copy.
import { CompiledQuery, sql } from 'kysely'
import pg from 'pg'
import { bucketOf, type Grain, VIEW_ENDINGS } from '../counters/grains.ts'
import type { CategoryKey } from './category-keys.ts'
import { exactNumber } from './exact-number.ts'
import type { MetricName } from './metrics.ts'
import type { Source } from './source.ts'

/** A day of the reporting zone (`2026-03-01`), or an instant. */
export type Edge = string | Date

export interface TrendRange {
  readonly by: Grain
  /** The first day or instant. Every bucket that reaches into the range is in it, whole. */
  readonly from: Edge
  /** The last day, included; or an instant, excluded. */
  readonly to: Edge
}

export interface TrendsQuery extends TrendRange {
  readonly metrics: readonly MetricName[]
}

/** A number where that is exact, else text; null where unknown. */
export type Value = number | string | null

export interface Trend {
  /** The start of an hour, or the date of a day, the Monday of a week, the first of a month. */
  readonly bucket: Date | string
  /** By the metrics asked for; timespent is text, as PostgreSQL has it. */
  readonly values: Readonly<Partial<Record<MetricName, Value>>>
  readonly snapshots: number
  readonly corrections: number
  readonly resets: number
  /** 0 … 1 */
  readonly coverage: number
  readonly widest_gap_seconds: number | null
  readonly is_complete: boolean
}

/** What every trend has beside its metrics. */
export const FACTS = [
  'snapshots',
  'corrections',
  'resets',
  'coverage',
  'widest_gap_seconds',
  'is_complete',
] as const

type Literal = (value: string) => string

const viewOf = (by: Grain) => `sms.trends_${VIEW_ENDINGS[by]}`

/** The SQL that shows the trends of one category, the newest first. */
export function trendsSql(query: TrendsQuery, key: CategoryKey): string {
  return `${trendsText(query, key, pg.escapeLiteral)}\norder by ${query.by} desc;`
}

function trendsText(query: TrendsQuery, { account, category }: CategoryKey, literal: Literal): string {
  return [
    `select ${[query.by, ...query.metrics, ...FACTS].join(', ')}`,
    `from ${viewOf(query.by)}`,
    `where account = ${literal(account)} and category = ${literal(category)}`,
    `  and ${withinText(query, literal)}`,
  ].join('\n')
}

/** The condition on the bucket. Edges come from the calendar, so that the reader's own time zone does not matter. */
function withinText({ by, from, to }: TrendRange, literal: Literal): string {
  return `${from instanceof Date ? sinceInstant(by, from, literal) : sinceDay(by, from, literal)}
  and ${to instanceof Date ? beforeInstant(by, to, literal) : untilDay(by, to, literal)}`
}

function sinceDay(by: Grain, day: string, literal: Literal): string {
  if (by !== 'hour') return `${by} >= ${literal(bucketOf(by, day))}`
  return `hour >= (select min(starts_at) from sms.calendar where day >= ${literal(day)})`
}

function untilDay(by: Grain, day: string, literal: Literal): string {
  if (by !== 'hour') return `${by} <= ${literal(day)}`
  return `hour < (select max(ends_at) from sms.calendar where day <= ${literal(day)})`
}

function sinceInstant(by: Grain, at: Date, literal: Literal): string {
  const instant = `${literal(at.toISOString())}::timestamptz`
  if (by === 'hour') return `hour > ${instant} - interval '1 hour'`
  return `${by} >= (select max(${by}) from sms.calendar where starts_at <= ${instant})`
}

function beforeInstant(by: Grain, at: Date, literal: Literal): string {
  const instant = `${literal(at.toISOString())}::timestamptz`
  if (by === 'hour') return `hour < ${instant}`
  return `${by} <= (select max(${by}) from sms.calendar where starts_at < ${instant})`
}

const PAGE_ROWS = 2_000

/** The trends of one category, the oldest first, read in pages, so that years of hours need little memory. */
export async function* readTrends(
  { db }: Pick<Source, 'db'>,
  query: TrendsQuery,
  key: CategoryKey,
): AsyncGenerator<Trend> {
  const type = query.by === 'hour' ? 'timestamptz' : 'date'
  for (let last: string | null = null; ; ) {
    const values: string[] = []
    const placeholder = (value: string) => `$${values.push(value)}`
    const text = [
      '/* readTrends */',
      trendsText(query, key, placeholder),
      ...(last === null ? [] : [`  and ${query.by} > ${placeholder(last)}::${type}`]),
      `order by ${query.by} limit ${PAGE_ROWS}`,
    ].join('\n')
    const statement = CompiledQuery.raw(text, values) as CompiledQuery<Record<string, unknown>>
    const { rows }: { rows: Record<string, unknown>[] } = await db.executeQuery(statement)
    for (const row of rows) yield trendOf(row, query)
    if (rows.length < PAGE_ROWS) return
    const newest = rows.at(-1)![query.by] as Date | string
    last = newest instanceof Date ? newest.toISOString() : newest
  }
}

function trendOf(row: Record<string, unknown>, { by, metrics }: TrendsQuery): Trend {
  return {
    bucket: row[by] as Date | string,
    values: Object.fromEntries(metrics.map((metric) => [metric, row[metric]])),
    snapshots: Number(row.snapshots),
    corrections: Number(row.corrections),
    resets: Number(row.resets),
    coverage: Number(row.coverage),
    widest_gap_seconds: row.widest_gap_seconds as number | null,
    is_complete: row.is_complete as boolean,
  }
}

/** The same, the newest first. */
export async function readNewestTrends(
  source: Source,
  query: TrendsQuery,
  key: CategoryKey,
): Promise<Trend[]> {
  return (await Array.fromAsync(readTrends(source, query, key))).reverse()
}

/** A trend as one flat object, in the names of the view's columns: what commands and API print as JSON. */
export function trendObject(
  { by, metrics }: Pick<TrendsQuery, 'by' | 'metrics'>,
  { account, category }: CategoryKey,
  { bucket, values, ...facts }: Trend,
): { account: string; category: string } & Record<string, unknown> {
  return {
    account,
    category,
    [by]: bucket instanceof Date ? bucket.toISOString() : bucket,
    ...Object.fromEntries(metrics.map((metric) => [metric, jsonValue(metric, values[metric] ?? null)])),
    ...facts,
  }
}

const jsonValue = (metric: MetricName, value: Value) =>
  metric === 'timespent' ? exactNumber(value as string | null) : value

/** When the buckets of a range of days begin and end (epoch ms), by their date; hours are cut by their day's edges. */
export async function readEdges(
  { db }: Source,
  { by, from, to }: { by: Grain; from: string; to: string },
): Promise<ReadonlyMap<string, readonly [startsAt: number, endsAt: number]>> {
  const column = by === 'hour' ? 'day' : by
  const { rows } = await sql<{ bucket: string; starts_at: Date; ends_at: Date }>`
    /* readEdges */
    select ${sql.ref(column)} as bucket, min(starts_at) as starts_at, max(ends_at) as ends_at
    from sms.calendar where ${sql.ref(column)} between ${bucketOf(column, from)} and ${to}
    group by 1 order by 1`.execute(db)
  return new Map(rows.map((row) => [row.bucket, [row.starts_at.getTime(), row.ends_at.getTime()] as const]))
}

/** The SQL that puts one metric of several categories side by side, the newest first. */
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
    `from ${viewOf(query.by)}`,
    `where (account, category) in (${pairs.join(', ')})`,
    `  and ${withinText(query, pg.escapeLiteral)}`,
    `group by ${query.by}`,
    `order by ${query.by} desc;`,
  ].join('\n')
}

const NAME_BYTES = 63 // PostgreSQL cuts longer column names

/** A name for each category's column: the category's own where that is unique and short enough. */
export function columnNames(keys: readonly CategoryKey[]): string[] {
  const isUnique = new Set(keys.map(({ category }) => category)).size === keys.length
  return keys.map(({ account, category }, i) => {
    const name = isUnique ? category : `${account}: ${category}`
    return Buffer.byteLength(name) <= NAME_BYTES ? name : `category ${i + 1}`
  })
}
