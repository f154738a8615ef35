// The trend views: growth by hour, day, week and month, each wide (a column a metric) and long (a row a metric).

import { GRAINS, type Grain, VIEW_ENDINGS } from '../../counters/grains.ts'
import { counters, eachCounter, ITS_ACCOUNT, rates } from './columns.ts'
import { DICTIONARY } from './dictionary.ts'

/** Creates or replaces the trend views, and the functions and views of schema store that they are made of. */
export function trendsSql(): string {
  return [
    FUNCTIONS,
    allBuckets('hour'),
    allBuckets('day'),
    hourly(),
    daily(),
    period('week'),
    period('month'),
    ...GRAINS.flatMap((grain) => [wide(grain), long(grain)]),
  ].join('\n\n')
}

const FUNCTIONS = `-- Rates are plain quotients; double precision keeps 15 digits.
create or replace function store.rate(part bigint, whole bigint) returns double precision
language sql immutable parallel safe
return case when whole <> 0 then part::double precision / whole end;

-- The part of [starts_at, ends_at) that lies between a category's first and newest snapshot.
create or replace function store.coverage(first_at timestamptz, newest_at timestamptz, starts_at timestamptz, ends_at timestamptz)
returns double precision language sql immutable parallel safe
return greatest(
  0,
  extract(epoch from least(newest_at, ends_at) - greatest(first_at, starts_at)) / extract(epoch from ends_at - starts_at)
)::double precision;`

/**
 * Closed buckets and the open one of each category as one. Both sides are plain scans of one table, so that a filter
 * on the category reaches an index on either; a condition on one side would keep PostgreSQL from that. The open
 * bucket of a category without snapshots is null, and joins with no day.
 */
function allBuckets(grain: 'hour' | 'day'): string {
  const key = grain === 'hour' ? 'hour, day' : 'day'
  const growth = `(${grain}_growth::bigint[])`
  return `create or replace view store.all_${grain}s as
select category_id, ${key}, ${counters()}, widest_gap_ms, snapshots, corrections, resets, timespent
from store.${grain}
union all
select category_id, ${key}, ${eachCounter((_, position) => `${growth}[${position}]`)},
  ${grain}_widest_gap_ms, ${grain}_snapshots, ${grain}_corrections, ${grain}_resets, ${grain}_timespent
from store.walk;`
}

export const TIMEZONE = '(select timezone from store.reporting)'
export const HOUR_ENDS = "least(h.hour + interval '1 hour', d.ends_at)"

/** The columns that follow the counters. */
const facts = (
  startsAt: string,
  endsAt: string,
) => `store.coverage(w.first_at, w.newest_at, ${startsAt}, ${endsAt}) as coverage,
  w.newest_at >= ${endsAt} and now() >= ${endsAt} as is_complete`

const OF_BUCKETS = (view: string) => `from store.category c
${ITS_ACCOUNT}
join store.walk w on w.category_id = c.id
join ${view} h on h.category_id = c.id
join store.calendar d on d.day = h.day`

function hourly(): string {
  return `create or replace view store.trend_hourly as
select
  a.name as account, c.name as category, h.hour, h.hour at time zone ${TIMEZONE} as local_hour, h.day,
  extract(hour from h.hour at time zone ${TIMEZONE})::smallint as hour_of_day,
  ${counters('h')},
  h.timespent, h.snapshots::bigint as snapshots, h.corrections::bigint as corrections,
  h.resets::bigint as resets, h.widest_gap_ms,
  ${facts('h.hour', HOUR_ENDS)}
${OF_BUCKETS('store.all_hours')};`
}

function daily(): string {
  return `create or replace view store.trend_daily as
select
  a.name as account, c.name as category, h.day, extract(isodow from h.day)::smallint as weekday,
  ${counters('h')},
  h.timespent, h.snapshots::bigint as snapshots, h.corrections::bigint as corrections,
  h.resets::bigint as resets, h.widest_gap_ms,
  ${facts('d.starts_at', 'd.ends_at')}
${OF_BUCKETS('store.all_days')};`
}

/** Weeks and months are sums of days; their first and last instants come from the calendar. */
function period(bucket: 'week' | 'month'): string {
  return `create or replace view store.trend_${VIEW_ENDINGS[bucket]} as
select
  a.name as account, c.name as category, d.${bucket},
  ${eachCounter((counter) => `sum(h.${counter})::bigint as ${counter}`)},
  (array_agg(h.timespent order by h.day desc) filter (where h.timespent is not null))[1] as timespent,
  sum(h.snapshots)::bigint as snapshots, sum(h.corrections)::bigint as corrections,
  sum(h.resets)::bigint as resets, max(h.widest_gap_ms) as widest_gap_ms,
  ${facts(`d.${bucket}_starts_at`, `d.${bucket}_ends_at`)}
${OF_BUCKETS('store.all_days')}
group by a.name, c.name, w.first_at, w.newest_at, d.${bucket}, d.${bucket}_starts_at, d.${bucket}_ends_at;`
}

/** What the bucket is called, and in local terms. */
export const KEYS: Readonly<Record<Grain, string>> = {
  hour: 'hour, local_hour, day, hour_of_day',
  day: 'day, weekday',
  week: 'week',
  month: 'month',
}

function wide(grain: Grain): string {
  const ending = VIEW_ENDINGS[grain]
  return `create or replace view sms.trends_${ending} as
select
  account, category, ${KEYS[grain]},
  ${counters()},
  timespent, snapshots, corrections, resets, coverage, widest_gap_ms::double precision / 1000 as widest_gap_seconds, is_complete,
  ${rates}
from store.trend_${ending};`
}

function long(grain: Grain): string {
  const ending = VIEW_ENDINGS[grain]
  const rows = DICTIONARY.map(({ name: metric, kind }) => `('${metric}', '${kind}', ${metric}::numeric)`)
  return `create or replace view sms.trends_${ending}_long as
select account, category, ${grain}, metric, kind, value
from sms.trends_${ending},
lateral (values
  ${rows.join(',\n  ')}
) as metrics (metric, kind, value);`
}
