// The categories: one page of those that match, in any order; one of them; all of them.
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../warehouse/pool.ts'
import type { CategoryState } from '../warehouse/tables.ts'
import type { Views } from '../warehouse/view-types.ts'
import type { CategoryKey } from './category-keys.ts'
import { figuresOf } from './figures.ts'
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

/** A row of sms.categories. */
export type RegisteredCategory = Readonly<Views['sms.categories']>

/** The same with its freshness. */
export interface CategoryRow extends RegisteredCategory {
  readonly stale: boolean
  readonly last_failure_at: Date | null
  readonly last_failure: string | null
}

export interface CategoryFacts extends CategoryRow {
  /** The longest time between two ticks of the schedule. */
  readonly expected_every_seconds: number | null
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
    select c.account, c.category, c.state, c.label, c.note, c.added_at, c.first_snapshot_at, c.last_snapshot_at,
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

/** One category, whatever its state; null if there is none of that name. */
export async function readCategory({ db }: Source, key: CategoryKey): Promise<CategoryFacts | null> {
  const row = await db
    .selectFrom('sms.categories as c')
    .innerJoin('sms.freshness as f', (join) =>
      join.onRef('f.account', '=', 'c.account').onRef('f.category', '=', 'c.category'),
    )
    .selectAll('c')
    .select(['f.expected_every_seconds', 'f.last_failure_at', 'f.last_failure', 'f.stale'])
    .where('c.account', '=', key.account)
    .where('c.category', '=', key.category)
    .executeTakeFirst()
  return row ? { ...row, stale: row.stale ?? false } : null
}

/** All categories, or those of one account, in the order of their names. */
export async function readRegistered(db: Db, account?: string): Promise<RegisteredCategory[]> {
  let query = db.selectFrom('sms.categories').selectAll().orderBy('account').orderBy('category')
  if (account !== undefined) query = query.where('account', '=', account)
  return await query.execute()
}
