// The last days of categories, for small charts and badges.
import { sql } from 'kysely'
import { daysBefore } from '../counters/grains.ts'
import { type CategoryKey, keyOf, wantedOf } from './category-keys.ts'
import type { Source } from './source.ts'

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
  keys: readonly CategoryKey[],
  today: string,
): Promise<ReadonlyMap<string, Course>> {
  if (keys.length === 0) return new Map()
  const wanted = wantedOf(keys)
  const [days, odd] = await Promise.all([
    sql<
      CategoryKey & {
        days: [string, number | null, number | null][] | null
        widest_gap_seconds: number | null
      }
    >`
      /* readCourses */
      select account, category, max(widest_gap_seconds) as widest_gap_seconds,
        json_agg(json_build_array(day, sent, widest_gap_seconds) order by day)
          filter (where day > ${today}::date - 30) as days
      from ${wanted} join sms.trends_daily using (account, category)
      where day between ${today}::date - 89 and ${today}::date
      group by account, category`.execute(db),
    // not from sms.deltas: the partial index for this is on the kind as it is stored
    sql<CategoryKey & { resets: number; corrections: number; dips: number }>`
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
