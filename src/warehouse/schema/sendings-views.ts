// Sendings: runs of days on which something was sent, with what came of them.
import { RATE_DEFINITIONS } from '../../counters/rates.ts'
import { ITS_ACCOUNT } from './columns.ts'

/** Within how many days of the first the responses are counted. */
export const SENDING_DAYS = [1, 3, 7, 28] as const
/** A sending begins where nothing was sent for this many days before. */
export const QUIET_DAYS = 2

/** The responses, each with its rate. */
const RESPONSES = ['openers', 'clickers', 'replies', 'unsubscribers'] as const

export interface SendingColumn {
  readonly name: string
  readonly days: number
  readonly counter: (typeof RESPONSES)[number]
  /** Whether it is divided by what the sending delivered. */
  readonly isRate: boolean
}

const rateOf = (counter: string) =>
  RATE_DEFINITIONS.find(({ part, whole }) => part === counter && whole === 'delivered')!.name

/** `openers_1d` … `unsubscribers_28d`, then `open_rate_1d` … */
export const SENDING_COLUMNS: readonly SendingColumn[] = [false, true].flatMap((isRate) =>
  RESPONSES.flatMap((counter) =>
    SENDING_DAYS.map((days) => ({
      name: `${isRate ? rateOf(counter) : counter}_${days}d`,
      days,
      counter,
      isRate,
    })),
  ),
)

/**
 * Creates or replaces sms.sendings. Everything about a category is lateral, so that a filter on it reads only its days.
 * (Looking up the days before and after each day instead of a window function took 30 times as long.)
 */
export function sendingsSql(): string {
  const counts = SENDING_COLUMNS.filter(({ isRate }) => !isRate)
  const columns = SENDING_COLUMNS.map(({ name, days, counter, isRate }) =>
    isRate ? `store.rate(g.${counter}_${days}d, g.delivered) as ${name}` : `g.${name}`,
  )
  const within = counts.map(
    ({ name, days, counter }) =>
      `sum(h.${counter}) filter (where h.day < s.first_day + ${days})::bigint as ${name}`,
  )
  return `create or replace view sms.sendings as
select
  a.name as account, c.name as category, s.first_day, g.last_day, g.sent, g.delivered,
  ${columns.join(',\n  ')}
from store.category c
${ITS_ACCOUNT}
cross join lateral (
  select day as first_day, lead(day) over (order by day) as next_day
  from (
    select day, lag(day) over (order by day) as before
    from store.all_days
    where category_id = c.id and sent > 0
  ) sent
  where before is null or day - before > ${QUIET_DAYS}
) s
cross join lateral (
  select
    max(h.day) filter (where h.sent > 0) as last_day,
    sum(h.sent)::bigint as sent, sum(h.delivered)::bigint as delivered,
    ${within.join(',\n    ')}
  from store.all_days h
  where h.category_id = c.id and h.day >= s.first_day and h.day < coalesce(s.next_day, 'infinity')
) g;`
}
