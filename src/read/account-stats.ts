// What an account says of itself: its credits, how long they last, and what no watched category accounts for.
import { sql } from 'kysely'
import type { BigInteger, DateText } from '../warehouse/tables.ts'
import type { Source } from './source.ts'

export interface AccountStats {
  readonly account: string
  readonly observed_at: Date
  readonly credits: number | null
  /** Credits used a day, of the last 28 days or what there is. */
  readonly per_day: number | null
  readonly days_left: number | null
  readonly empty_on: DateText | null
  /** On the complete days among the last seven that lie wholly in the account's history; null: there are none. */
  readonly sent_7_days: BigInteger | null
  readonly attributed_7_days: BigInteger | null
  /** What no watched category accounts for: a category may be missing, as the API cannot list them. */
  readonly unattributed_7_days: BigInteger | null
}

/** All accounts that have answered for themselves, by name. */
export async function readAccountStats({ db, hiddenAccount }: Source): Promise<AccountStats[]> {
  const { rows } = await sql<AccountStats>`
    /* readAccountStats */
    with today as (
      select max(day) as day from store.calendar where starts_at <= now()
    ), series as (
      select a.name as account, w.first_at, w.newest_at
      from store.category c
      join store.account a on a.id = c.account_id
      join store.walk w on w.category_id = c.id
      where c.name = '' and w.newest_at is not null
        and (${hiddenAccount}::text is null or a.name <> ${hiddenAccount})
    )
    select s.account, s.newest_at as observed_at, c.credits::float8 as credits, c.per_day, c.days_left,
      c.empty_on::text as empty_on, g.sent as sent_7_days, g.attributed as attributed_7_days,
      g.unattributed as unattributed_7_days
    from series s
    left join sms.credits c on c.account = s.account
    cross join lateral (
      select sum(t.sent)::bigint as sent, sum(t.attributed)::bigint as attributed,
        sum(t.unattributed)::bigint as unattributed
      from sms.account_trends_daily t join store.calendar d on d.day = t.day
      where t.account = s.account and t.is_complete and d.starts_at >= s.first_at
        and t.day >= (select day from today) - 7 and t.day < (select day from today)
    ) g
    order by s.account`.execute(db)
  return rows
}

/** The part of what was sent that no watched category accounts for, if it is worth a word; else null. */
export function unattributedShare({ sent_7_days: sent, unattributed_7_days: rest }: AccountStats) {
  if (sent === null || rest === null || Number(sent) <= 0) return null
  const share = Number(rest) / Number(sent)
  return share > UNATTRIBUTED ? share : null
}

/** A smaller part comes from answers that arrive some seconds apart. */
const UNATTRIBUTED = 0.05

/** `279,000, enough for 21 days`. */
export function creditsText({ credits, days_left }: AccountStats, locale = 'en'): string {
  if (credits === null) return 'not known'
  const amount = credits.toLocaleString(locale, { maximumFractionDigits: 2 })
  if (days_left === null) return amount
  if (days_left < 2) return `${amount}, enough for ${Math.max(0, Math.floor(days_left * 24))} hours`
  return `${amount}, enough for ${Math.floor(days_left).toLocaleString(locale)} days`
}

/** What it means that a part of what was sent belongs to no watched category. */
export function unattributedText(
  { sent_7_days: sent, unattributed_7_days: rest }: AccountStats,
  count: (value: BigInteger) => string,
): string {
  return `${count(rest!)} of the ${count(sent!)} messages of the last 7 days belong to no watched category: one may be missing, as the API cannot list them`
}
