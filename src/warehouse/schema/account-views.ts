// The views of the accounts themselves: what they reported, what grew by day, and how long the credits last. An
// account's totals are one more series, that of the category ITSELF, in the places of a category's counters.
import { ACCOUNT_COUNTERS } from '../../counters/account.ts'

/** The counters of an account by their own names, from a row that holds them in their places. */
const counters = (alias: string) =>
  ACCOUNT_COUNTERS.map(({ name, place }) => `${alias}.${place} as ${name}`).join(', ')

const ITS_SERIES = `join store.account a on a.id = c.account_id and c.name = ''`

/** Creates or replaces them. `dayOf`: SQL for the calendar day of an instant. */
export function accountViews(dayOf: (instant: string) => string): string {
  return `create or replace view sms.account_readings as
select
  a.name as account, ${dayOf('s.observed_at')} as day, s.observed_at, ${counters('s')}, s.timespent as credits, s.run_id
from store.snapshot s
join store.category c on c.id = s.category_id
${ITS_SERIES};

create or replace view sms.account_trends_daily as
select
  a.name as account, h.day, ${counters('h')}, h.timespent as credits, g.used as credits_used, g.bought as credits_bought,
  case when h.sent is not null then coalesce(k.sent, 0) end as attributed, h.sent - coalesce(k.sent, 0) as unattributed,
  w.newest_at >= d.ends_at and now() >= d.ends_at as is_complete
from store.category c
${ITS_SERIES}
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day
cross join lateral (
  select sum(greatest(-s.timespent_delta, 0)) as used, sum(greatest(s.timespent_delta, 0)) as bought
  from store.snapshot s
  where s.category_id = c.id and s.observed_at >= d.starts_at and s.observed_at < d.ends_at
) g
cross join lateral (
  select sum(t.sent)::bigint as sent
  from store.category watched join store.all_days t on t.category_id = watched.id
  where watched.account_id = c.account_id and watched.name <> '' and t.day = h.day
) k;

create or replace view sms.credits as
select
  account, observed_at, credits, used_7_days, used_28_days, per_day, days_left,
  -- beyond that, a date says nothing
  case when days_left < 36500 then
    ((observed_at + days_left * interval '1 day') at time zone (select timezone from store.reporting))::date
  end as empty_on
from (
  select *, case when credits <= 0 then 0 when per_day > 0 then credits::double precision / per_day end as days_left
  from (
    select
      a.name as account, n.observed_at, n.credits, u.used_7_days, u.used_28_days,
      case when n.observed_at - u.since >= interval '1 day' then
        u.used_28_days::double precision / (extract(epoch from n.observed_at - u.since)::double precision / 86400)
      end as per_day
    from store.category c
    ${ITS_SERIES}
    cross join lateral (
      select s.observed_at, s.timespent as credits from store.snapshot s
      where s.category_id = c.id and s.timespent is not null and s.kind is distinct from 'dip'
      order by s.observed_at desc limit 1
    ) n
    cross join lateral (
      select
        sum(greatest(-s.timespent_delta, 0)) filter (where s.observed_at > n.observed_at - interval '7 days') as used_7_days,
        sum(greatest(-s.timespent_delta, 0)) as used_28_days, min(s.previous_at) as since
      from store.snapshot s
      where s.category_id = c.id and s.timespent_delta is not null
        and s.observed_at > n.observed_at - interval '28 days' and s.observed_at <= n.observed_at
    ) u
  ) used
) told;`
}
