// The list of categories with their figures: one page of it at a time, in any order, in three statements.
import { type RawBuilder, sql } from 'kysely'
import { daysBefore } from '../counters/grains.ts'
import type { Db } from '../warehouse/pool.ts'
import type { CategoryState } from '../warehouse/tables.ts'
import type { Views } from '../warehouse/view-types.ts'
import type { Source } from './source.ts'

export const SORTS = ['name', 'today', 'sent', 'change', 'delivery', 'open', 'click', 'fresh'] as const
export type Sort = (typeof SORTS)[number]

export interface CategoriesQuery {
  /** Part of a name, any case; empty: all. */
  readonly q: string
  readonly account: string | undefined
  readonly state: CategoryState | 'stale' | undefined
  readonly sort: Sort
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly offset: number
  /** The date of today in the reporting zone. */
  readonly today: string
}

/** Counts as a number where that is exact, else as text. */
export type Count = number | string

export interface CategoryRow {
  readonly account: string
  readonly category: string
  readonly state: CategoryState
  readonly label: string | null
  readonly added_at: Date
  readonly stale: boolean
  readonly first_snapshot_at: Date | null
  readonly last_snapshot_at: Date | null
  readonly last_failure_at: Date | null
  readonly last_failure: string | null
}

/** What a category did lately; all null where nothing is known. */
export interface Figures {
  readonly sent_today: Count | null
  /** In the seven days up to yesterday, and in the seven before. */
  readonly sent_7_days: Count | null
  readonly sent_7_days_before: Count | null
  /** 0.1: a tenth more than in the seven days before; null where these are not wholly known, or zero. */
  readonly change: number | null
  /** Of the 30 days up to today: what is opened was often delivered days before. */
  readonly delivery_rate: number | null
  readonly open_rate: number | null
  readonly click_rate: number | null
}

export const NO_FIGURES: Figures = {
  sent_today: null,
  sent_7_days: null,
  sent_7_days_before: null,
  change: null,
  delivery_rate: null,
  open_rate: null,
  click_rate: null,
}

type Key = { readonly account: string; readonly category: string }
export const keyOf = ({ account, category }: Key) => JSON.stringify([account, category])

/** Some categories, as a table `wanted (account, category)`. */
function wantedOf(keys: readonly Key[]): RawBuilder<unknown> {
  const accounts = keys.map(({ account }) => account)
  const categories = keys.map(({ category }) => category)
  return sql`unnest(${accounts}::text[], ${categories}::text[]) as wanted (account, category)`
}

/** The statement for figures by account and category, of the rows in `from`. */
function figuresOf(from: RawBuilder<unknown>, today: string): RawBuilder<unknown> {
  return sql`
    select account, category, sent_today, sent_7_days, sent_7_days_before,
      case when is_known_before then
        (sent_7_days - sent_7_days_before)::float8 / nullif(sent_7_days_before, 0)
      end as change,
      delivered::float8 / nullif(sent, 0) as delivery_rate,
      openers::float8 / nullif(delivered, 0) as open_rate,
      clickers::float8 / nullif(delivered, 0) as click_rate
    from (
      select account, category,
        sum(sent) filter (where day = ${today}::date)::bigint as sent_today,
        sum(sent) filter (where day < ${today}::date and day >= ${today}::date - 7)::bigint as sent_7_days,
        sum(sent) filter (where day < ${today}::date - 7 and day >= ${today}::date - 14)::bigint
          as sent_7_days_before,
        coalesce(bool_or(coverage = 1) filter (where day = ${today}::date - 14), false) as is_known_before,
        sum(sent) as sent, sum(delivered) as delivered, sum(openers) as openers, sum(clickers) as clickers
      from ${from} where day between ${today}::date - 29 and ${today}::date
      group by account, category
    ) sums`
}

const BY_COLUMN: Readonly<Record<Sort, RawBuilder<unknown>>> = {
  name: sql`lower(c.category)`,
  today: sql`sent_today`,
  sent: sql`sent_7_days`,
  change: sql`change`,
  delivery: sql`delivery_rate`,
  open: sql`open_rate`,
  click: sql`click_rate`,
  fresh: sql`c.last_snapshot_at`,
}

/** One page of the categories that match, and how many match at all. */
export async function readCategories(
  { db, hiddenAccount }: Source,
  query: CategoriesQuery,
): Promise<{ total: number; rows: CategoryRow[] }> {
  const direction = query.order === 'asc' ? sql`asc` : sql`desc`
  // the figures of all matches are needed only if the order depends on them
  const isByFigure = query.sort !== 'name' && query.sort !== 'fresh'
  const figures = isByFigure
    ? sql`left join (${figuresOf(sql`sms.trends_daily`, query.today)}) figures using (account, category)`
    : sql``
  const { rows } = await sql<CategoryRow & { total: number }>`
    /* readCategories */
    select c.account, c.category, c.state, c.label, c.added_at, c.first_snapshot_at, c.last_snapshot_at,
      coalesce(f.stale, false) as stale, f.last_failure_at, f.last_failure,
      count(*) over () as total
    from sms.categories c
    join sms.freshness f using (account, category)
    ${figures}
    where (${hiddenAccount}::text is null or c.account <> ${hiddenAccount})
      and (${query.account ?? null}::text is null or c.account = ${query.account ?? null})
      and ${whereState(query.state)}
      and (${query.q} = '' or position(lower(${query.q}) in lower(concat_ws(' ', c.category, c.label))) > 0)
    order by ${BY_COLUMN[query.sort]} ${direction} nulls last, lower(c.category), c.category, c.account
    limit ${query.limit} offset ${query.offset}`.execute(db)
  return { total: rows[0]?.total ?? 0, rows: rows.map(({ total: _total, ...row }) => row) }
}

function whereState(state: CategoriesQuery['state']): RawBuilder<unknown> {
  if (state === 'stale') return sql`f.stale`
  return state === undefined ? sql`c.state <> 'removed'` : sql`c.state = ${state}`
}

/** The figures of some categories, by `keyOf`; none without a snapshot in 30 days. */
export async function readFigures(
  { db }: Source,
  keys: readonly Key[],
  today: string,
): Promise<ReadonlyMap<string, Figures>> {
  if (keys.length === 0) return new Map()
  const from = sql`${wantedOf(keys)} join sms.trends_daily using (account, category)`
  const { rows } = await sql<Key & Figures>`/* readFigures */ ${figuresOf(from, today)}`.execute(db)
  return new Map(rows.map(({ account, category, ...figures }) => [keyOf({ account, category }), figures]))
}

/** The last days of one category. */
export interface Course {
  /** Messages sent by day, the oldest first, up to today; null where unknown. */
  readonly sent: readonly (number | null)[]
  /** The widest gap by day, in seconds. */
  readonly gaps: readonly (number | null)[]
  /** The widest gap of the last 90 days, in seconds. */
  readonly widestGap: number | null
  readonly resets: number
  readonly corrections: number
  readonly dips: number
}

/** The last 30 days of some categories, and the unusual deltas of their last 90, by `keyOf`; none without a snapshot. */
export async function readCourses(
  { db }: Source,
  keys: readonly Key[],
  today: string,
): Promise<ReadonlyMap<string, Course>> {
  if (keys.length === 0) return new Map()
  const wanted = wantedOf(keys)
  const [days, odd] = await Promise.all([
    sql<Key & { days: [string, number | null, number | null][] | null; widest_gap_seconds: number | null }>`
      /* readCourses */
      select account, category, max(widest_gap_seconds) as widest_gap_seconds,
        json_agg(json_build_array(day, sent, widest_gap_seconds) order by day)
          filter (where day > ${today}::date - 30) as days
      from ${wanted} join sms.trends_daily using (account, category)
      where day between ${today}::date - 89 and ${today}::date
      group by account, category`.execute(db),
    // not from sms.deltas: the partial index for this is on the kind as it is stored
    sql<Key & { resets: number; corrections: number; dips: number }>`
      /* readOddities */
      select wanted.account, wanted.category,
        count(*) filter (where kind = 'reset') as resets,
        count(*) filter (where kind = 'correction') as corrections,
        count(*) filter (where kind = 'dip') as dips
      from ${wanted}
      join store.account a on a.name = wanted.account
      join store.category c on c.account_id = a.id and c.name = wanted.category
      join store.snapshot s on s.category_id = c.id
      where s.kind in ('correction', 'reset', 'dip', 'baseline') and s.observed_at > now() - interval '90 days'
      group by wanted.account, wanted.category`.execute(db),
  ])
  const oddities = new Map(odd.rows.map((row) => [keyOf(row), row]))
  const dates = Array.from({ length: 30 }, (_, i) => daysBefore(today, 29 - i))
  return new Map(
    days.rows.map((row) => {
      const byDay = new Map((row.days ?? []).map(([day, sent, gap]) => [day, { sent, gap }]))
      const { resets = 0, corrections = 0, dips = 0 } = oddities.get(keyOf(row)) ?? {}
      return [
        keyOf(row),
        {
          sent: dates.map((day) => byDay.get(day)?.sent ?? null),
          gaps: dates.map((day) => byDay.get(day)?.gap ?? null),
          widestGap: row.widest_gap_seconds,
          resets,
          corrections,
          dips,
        },
      ]
    }),
  )
}

export interface AccountRow {
  readonly account: string
  readonly label: string | null
  readonly created_at: Date
  readonly categories: number
}

export async function readAccounts({ db, hiddenAccount }: Source): Promise<AccountRow[]> {
  let query = db
    .selectFrom('sms.accounts as a')
    .selectAll('a')
    .select((from) =>
      from
        .selectFrom('sms.categories as c')
        .select(sql<number>`count(*)`.as('count'))
        .whereRef('c.account', '=', 'a.account')
        .where('c.state', '<>', 'removed')
        .$asScalar()
        .$notNull()
        .as('categories'),
    )
    .orderBy('a.account')
  if (hiddenAccount !== null) query = query.where('a.account', '<>', hiddenAccount)
  return await query.execute()
}

export interface CategoryFacts {
  readonly account: string
  readonly category: string
  readonly label: string | null
  readonly state: CategoryState
  readonly first_snapshot_at: Date | null
  readonly last_snapshot_at: Date | null
  readonly stale: boolean
  readonly expected_every_seconds: number | null
  readonly last_failure_at: Date | null
  readonly last_failure: string | null
}

/** One category, whatever its state; null if there is none of that name. */
export async function readCategory({ db }: Source, key: Key): Promise<CategoryFacts | null> {
  const row = await db
    .selectFrom('sms.categories as c')
    .innerJoin('sms.freshness as f', (join) =>
      join.onRef('f.account', '=', 'c.account').onRef('f.category', '=', 'c.category'),
    )
    .select(['c.account', 'c.category', 'c.label', 'c.state', 'c.first_snapshot_at', 'c.last_snapshot_at'])
    .select(['f.expected_every_seconds', 'f.last_failure_at', 'f.last_failure', 'f.stale'])
    .where('c.account', '=', key.account)
    .where('c.category', '=', key.category)
    .executeTakeFirst()
  return row ? { ...row, stale: row.stale ?? false } : null
}

/** The longest time between two ticks of the schedule; null: no schedule has run yet. */
export async function readExpectedEverySeconds({ db }: Pick<Source, 'db'>): Promise<number | null> {
  const row = await db
    .selectFrom('store.reporting')
    .select(sql<number | null>`extract(epoch from expected_every)::float8`.as('seconds'))
    .executeTakeFirst()
  return row?.seconds ?? null
}

/** A row of sms.categories. */
export type RegisteredCategory = Readonly<Views['sms.categories']>

/** All categories, or those of one account, in the order of their names. */
export async function readRegistered(db: Db, account?: string): Promise<RegisteredCategory[]> {
  let query = db
    .selectFrom('sms.categories')
    .select(['account', 'category', 'state', 'label', 'added_at', 'first_snapshot_at', 'last_snapshot_at'])
    .orderBy('account')
    .orderBy('category')
  if (account !== undefined) query = query.where('account', '=', account)
  return await query.execute()
}
