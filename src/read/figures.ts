// What was sent by categories in their last days and what became of it, as the overview and the API list it.
import { type RawBuilder, sql } from 'kysely'
import { type CategoryKey, keyOf, wantedOf } from './category-keys.ts'
import type { Source } from './source.ts'
import type { Value } from './trends.ts'

/** What a category did lately; all null where nothing is known. */
export interface Figures {
  readonly sent_today: Value
  /** In the seven days up to yesterday, and in the seven before. */
  readonly sent_7_days: Value
  readonly sent_7_days_before: Value
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

/** The statement for figures by account and category, of the rows in `from`. */
export function figuresOf(from: RawBuilder<unknown>, today: string): RawBuilder<unknown> {
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

/** The figures of some categories, by `keyOf`; none without a snapshot in 30 days. */
export async function readFigures(
  { db }: Source,
  keys: readonly CategoryKey[],
  today: string,
): Promise<ReadonlyMap<string, Figures>> {
  if (keys.length === 0) return new Map()
  const from = sql`${wantedOf(keys)} join sms.trends_daily using (account, category)`
  const { rows } = await sql<CategoryKey & Figures>`/* readFigures */ ${figuresOf(from, today)}`.execute(db)
  return new Map(rows.map(({ account, category, ...figures }) => [keyOf({ account, category }), figures]))
}
