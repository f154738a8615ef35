// Trends as the sms views have them: which metrics there are, which buckets a range means, and the rows,
// in pages, so that years of them pass through in bounded memory.
import { sql } from 'kysely'
import { UsageError } from '../errors.ts'
import type { Db } from './pool.ts'
import { type Category, listCategories } from './registry.ts'

export const GRAINS = ['hour', 'day', 'week', 'month'] as const
export type Grain = (typeof GRAINS)[number]

const VIEWS = { hour: 'trends_hourly', day: 'trends_daily', week: 'trends_weekly', month: 'trends_monthly' }

export interface Metric {
  readonly metric: string
  readonly kind: 'counter' | 'gauge' | 'rate'
  readonly label: string
  /** Of a rate: `part / whole`. */
  readonly formula: string | null
}

/** One row of a trend view. */
export interface Trend {
  /** The start: an instant for an hour, else a date as text. */
  readonly bucket: Date | string
  readonly snapshots: number
  readonly coverage: number
  /** Seconds. */
  readonly widestGap: number | null
  /** By metric: a number, or text where a number would not be exact; null where unknown. */
  readonly values: Readonly<Record<string, number | string | null>>
}

/** A day of the reporting zone (`2026-03-01`), or an instant. */
export type Edge = string | Date

/** All metrics, in their order. */
export async function listMetrics(db: Db): Promise<Metric[]> {
  const { rows } = await sql<Metric>`
    select metric, kind, label, formula from sms.metrics order by position`.execute(db)
  return rows
}

/** The categories of these names, or all; a UsageError names what there is where one is not there. */
export async function findCategories(
  db: Db,
  account: string | undefined,
  names: readonly string[] | undefined,
): Promise<Category[]> {
  const categories = await listCategories(db, account)
  if (account !== undefined && categories.length === 0) {
    const accounts = [...new Set((await listCategories(db)).map((category) => category.account))]
    throw new UsageError(`There is no category in the account ${JSON.stringify(account)}.`, {
      hint:
        accounts.length > 0 ? `There are some in: ${accounts.join(', ')}.` : 'There is none anywhere yet.',
    })
  }
  if (names === undefined) return categories
  const unknown = names.find((name) => !categories.some(({ category }) => category === name))
  if (unknown === undefined) return categories.filter(({ category }) => names.includes(category))
  const known = [...new Set(categories.map(({ category }) => JSON.stringify(category)))]
  const [first, more] = [known.slice(0, 20), known.length - 20]
  throw new UsageError(`There is no category ${JSON.stringify(unknown)}.`, {
    hint: `Names are taken to the letter. There is: ${first.join(', ') || 'none yet'}${more > 0 ? ` and ${more} more` : ''}.`,
  })
}

/** The buckets to read: of an hour [from, until), of the others first to last. */
export interface Range {
  readonly fromAt: Date
  readonly untilAt: Date
  readonly firstDay: string
  readonly lastDay: string
}

/** How much is shown where nothing is said about it. */
const USUAL: Readonly<Record<Grain, string>> = {
  hour: '24 hours',
  day: '13 days',
  week: '11 weeks',
  month: '11 months',
}

/**
 * The range from `from` (default: 24 hours, 14 days, 12 weeks or 12 months of buckets) to `to` (default: now).
 * A date as `to` includes that day, an instant is excluded. Throws a UsageError if nothing lies between.
 */
export async function resolveRange(
  db: Db,
  by: Grain,
  from: Edge | undefined,
  to: Edge | undefined,
): Promise<Range> {
  const zone = sql`(select timezone from store.reporting)`
  const untilAt =
    to === undefined
      ? sql`now()`
      : typeof to === 'string'
        ? sql`store.day_start(${to}::date + 1, ${zone})`
        : sql`${to}::timestamptz`
  const usual = sql`(${untilAt} at time zone ${zone} - ${USUAL[by]}::interval)`
  const fromAt =
    from === undefined
      ? sql`case when ${by} = 'hour' then ${untilAt} - interval '24 hours' else store.day_start(${usual}::date, ${zone}) end`
      : typeof from === 'string'
        ? sql`store.day_start(${from}::date, ${zone})`
        : sql`${from}::timestamptz`
  const { rows } = await sql<Range>`
    /* resolveRange */
    select "fromAt", "untilAt",
      coalesce((select max(day) from sms.calendar where starts_at <= "fromAt"), '-infinity')::text as "firstDay",
      coalesce((select max(day) from sms.calendar where starts_at < "untilAt"), '-infinity')::text as "lastDay"
    from (select ${fromAt} as "fromAt", ${untilAt} as "untilAt") range`.execute(db)
  const range = rows[0]!
  if (range.fromAt < range.untilAt) return range
  throw new UsageError(
    `Nothing lies between ${range.fromAt.toISOString()} and ${range.untilAt.toISOString()}.`,
    { hint: '--from must be before --to; a date as --to includes that day.' },
  )
}

const PAGE_ROWS = 2_000

/** The buckets of one category that reach into the range, ascending. */
export async function* readTrends(
  db: Db,
  { account, category }: Category,
  by: Grain,
  { fromAt, untilAt, firstDay, lastDay }: Range,
): AsyncGenerator<Trend> {
  const [bucket, type] = [sql.ref(by), sql.raw(by === 'hour' ? 'timestamptz' : 'date')]
  let [from, until] =
    by === 'hour'
      ? [sql`${fromAt}::timestamptz - interval '1 hour'`, sql`${untilAt}::timestamptz`]
      : [sql`date_trunc(${by}, ${firstDay}::date)::date - 1`, sql`${lastDay}::date + 1`]
  for (;;) {
    const { rows } = await sql<Record<string, never>>`
      /* readTrends */
      select *, extract(epoch from widest_gap)::float8 as widest_gap_seconds, ${bucket}::text as key
      from ${sql.table(`sms.${VIEWS[by]}`)}
      where account = ${account} and category = ${category} and ${bucket} > ${from} and ${bucket} < ${until}
      order by ${bucket} limit ${PAGE_ROWS}`.execute(db)
    for (const row of rows) {
      const { account: _a, category: _c, [by]: start, snapshots, coverage, widest_gap: _w, ...rest } = row
      const { widest_gap_seconds: widestGap, key: _k, ...values } = rest
      yield {
        bucket: start!,
        snapshots: snapshots!,
        coverage: coverage!,
        widestGap: widestGap ?? null,
        values,
      }
    }
    if (rows.length < PAGE_ROWS) return
    from = sql`${rows.at(-1)!.key}::${type}`
  }
}

/** The buckets as one: sums, rates of the sums, the newest level. */
export function totalOf(trends: readonly Trend[], metrics: readonly Metric[]): Trend['values'] {
  const values: Record<string, number | string | null> = {}
  for (const { metric, kind } of metrics) {
    const known = trends.map((trend) => trend.values[metric] ?? null).filter((value) => value !== null)
    if (kind === 'gauge') values[metric] = known.at(-1) ?? null
    if (kind === 'counter') values[metric] = known.length === 0 ? null : sum(known)
  }
  for (const { metric, formula } of metrics) {
    if (formula === null) continue
    const [part, whole] = formula.split(' / ').map((name) => values[name] ?? null)
    values[metric] =
      part == null || whole == null || Number(whole) === 0 ? null : Number(part) / Number(whole)
  }
  return values
}

function sum(values: readonly (number | string)[]): number | string {
  const total = values.reduce((all, value) => all + BigInt(value), 0n)
  return Number.isSafeInteger(Number(total)) ? Number(total) : String(total)
}
