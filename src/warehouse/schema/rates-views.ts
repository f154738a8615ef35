// Sums and rates over 7 and 28 days: responses come days after the message.
import { counters, eachCounter, ITS_ACCOUNT, rates } from './columns.ts'

/** Over how many days sms.rates_daily sums. */
export const RATE_DAYS = [7, 28] as const

/**
 * Creates or replaces sms.rates_daily. A lateral sum for each row, not a window function: so a filter on the day or on
 * the category reads only the days that it needs.
 */
export function ratesSql(): string {
  return `create or replace view sms.rates_daily as
select
  a.name as account, c.name as category, h.day, n.days,
  ${counters('s')},
  ${ratesOf('s')}
from store.category c
${ITS_ACCOUNT}
join store.all_days h on h.category_id = c.id
cross join (values ${RATE_DAYS.map((days) => `(${days})`).join(', ')}) n (days)
cross join lateral (
  select ${eachCounter((name) => `sum(i.${name})::bigint as ${name}`)}
  from store.all_days i
  where i.category_id = c.id and i.day > h.day - n.days and i.day <= h.day
) s
where h.day is not null; -- a category without snapshots has an open day that is null`
}

const ratesOf = (alias: string) => rates.replaceAll(/rate\((\w+), (\w+)\)/g, `rate(${alias}.$1, ${alias}.$2)`)
