// What was sent on each of the last days, for small charts.
import { sql } from 'kysely'
import { type CategoryKey, keyOf } from './category-keys.ts'
import { jsonInteger } from './exact-number.ts'
import type { Source } from './source.ts'
import type { Value } from './trends.ts'

export interface SentOnDay {
  /** Of the reporting zone: `2026-03-01`. */
  readonly day: string
  /** Null: unknown. */
  readonly sent: Value
}

/**
 * What was sent on each of the last `days` up to today, the oldest first, by `keyOf`; of the categories named, or of
 * all where null.
 */
export async function readSentByDay(
  { db }: Source,
  days: number,
  categories: readonly CategoryKey[] | null,
): Promise<ReadonlyMap<string, readonly SentOnDay[]>> {
  const [accounts, names] = [categories?.map((c) => c.account), categories?.map((c) => c.category)]
  const wanted = categories
    ? sql`(a.name, c.name) in (select * from unnest(${accounts}::text[], ${names}::text[]))`
    : sql`true`
  const { rows } = await sql<{ account: string; category: string; sent_by_day: SentOnDay[] }>`
    /* readSentByDay */
    with days as materialized (
      select day from store.calendar where starts_at <= now() order by day desc limit ${days}
    ), wanted as materialized (
      select c.id, a.name as account, c.name as category
      from store.category c join store.account a on a.id = c.account_id and c.name <> '' where ${wanted}
    )
    select w.account, w.category,
      json_agg(json_build_object('day', d.day, 'sent', ${jsonInteger('t.sent')}) order by d.day) as sent_by_day
    from wanted w cross join days d
    left join store.all_days t on t.category_id = w.id and t.day = d.day
      and t.category_id = any(array(select id from wanted)) and t.day >= (select min(day) from days)
    group by w.account, w.category`.execute(db)
  return new Map(rows.map(({ sent_by_day, ...key }) => [keyOf(key), sent_by_day]))
}
