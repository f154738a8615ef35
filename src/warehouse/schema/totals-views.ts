// The trends of an account as a whole: its categories summed up, with the rates of the sums.
import { GRAINS, VIEW_ENDINGS } from '../../counters/grains.ts'
import { counters, eachCounter, rates } from './columns.ts'
import { HOUR_ENDS, KEYS, TIMEZONE } from './trend-views.ts'

/** Creates or replaces sms.totals_hourly, _daily, _weekly and _monthly. */
export function totalsSql(): string {
  return GRAINS.map((grain) => {
    const total = grain === 'hour' || grain === 'day' ? ofBuckets(grain) : ofPeriods(grain)
    return `create or replace view sms.totals_${VIEW_ENDINGS[grain]} as
select account, ${KEYS[grain]}, ${counters()}, categories, is_complete, ${rates}
from (
${total}
) totals;`
  }).join('\n\n')
}

const SUMS = eachCounter((name) => `sum(h.${name})::bigint as ${name}`)

const LOCAL: Readonly<Record<'hour' | 'day', string>> = {
  hour: `h.hour, h.hour at time zone ${TIMEZONE} as local_hour, h.day,
    extract(hour from h.hour at time zone ${TIMEZONE})::smallint as hour_of_day`,
  day: 'h.day, extract(isodow from h.day)::smallint as weekday',
}

/** A category has one row an hour or day, so its rows are counted as they are summed. */
function ofBuckets(grain: 'hour' | 'day'): string {
  const endsAt = grain === 'hour' ? HOUR_ENDS : 'd.ends_at'
  const keys = grain === 'hour' ? 'h.hour, h.day' : 'h.day'
  return `  select
    a.name as account, ${LOCAL[grain]},
    ${SUMS},
    count(*)::integer as categories,
    min(w.newest_at) >= ${endsAt} and now() >= ${endsAt} as is_complete
  from store.account a
  join store.category c on c.account_id = a.id and c.name <> ''
  join store.walk w on w.category_id = c.id
  join store.all_${grain}s h on h.category_id = c.id
  join store.calendar d on d.day = h.day
  group by a.name, ${keys}, d.ends_at`
}

/**
 * Weeks and months are sums of days. A category has a row in each that its history reaches into, so the categories
 * are counted by the two ends of their history.
 */
function ofPeriods(grain: 'week' | 'month'): string {
  return `  select
    a.name as account, t.${grain}, ${counters('t')},
    k.categories, k.newest_at >= t.ends_at and now() >= t.ends_at as is_complete
  from store.account a
  join (
    select c.account_id, d.${grain}, d.${grain}_starts_at as starts_at, d.${grain}_ends_at as ends_at,
      ${SUMS}
    from store.category c
    join store.all_days h on h.category_id = c.id
    join store.calendar d on d.day = h.day
    where c.name <> ''
    group by c.account_id, d.${grain}, d.${grain}_starts_at, d.${grain}_ends_at
  ) t on t.account_id = a.id
  cross join lateral (
    select count(*)::integer as categories, min(w.newest_at) as newest_at
    from store.category c
    join store.walk w on w.category_id = c.id
    where c.account_id = a.id and c.name <> '' and w.first_at < t.ends_at and w.newest_at >= t.starts_at
  ) k`
}
