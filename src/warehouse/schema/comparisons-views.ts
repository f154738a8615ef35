// Comparisons: a period with the same elapsed part of the period before, up to the last complete hour.
import { COUNTERS } from '../../counters/names.ts'
import { RATE_DEFINITIONS } from '../../counters/rates.ts'
import { counters, eachCounter, ITS_ACCOUNT } from './columns.ts'
import { TIMEZONE } from './trend-views.ts'

interface Period {
  readonly name: string
  /** The first of its days and of the days before that they are compared with, and how many pairs there are; `t.today` is the calendar day of now. */
  readonly first: string
  readonly before: string
  readonly days: string
}

const MONTH = "date_trunc('month', t.today::timestamp)::date"
const MONTH_BEFORE = "(date_trunc('month', t.today::timestamp) - interval '1 month')::date"

export const PERIODS: readonly Period[] = [
  { name: 'today', first: 't.today', before: 't.today - 7', days: '1' },
  { name: 'yesterday', first: 't.today - 1', before: 't.today - 8', days: '1' },
  {
    name: 'this_week',
    first: "date_trunc('week', t.today::timestamp)::date",
    before: "date_trunc('week', t.today::timestamp)::date - 7",
    days: 'extract(isodow from t.today)::integer',
  },
  {
    name: 'this_month', // the last days of a longer month have no day to be compared with
    first: MONTH,
    before: MONTH_BEFORE,
    days: `least(t.today - ${MONTH} + 1, ${MONTH} - ${MONTH_BEFORE})`,
  },
  { name: 'last_7_days', first: 't.today - 7', before: 't.today - 14', days: '7' },
  { name: 'last_28_days', first: 't.today - 28', before: 't.today - 56', days: '28' },
]

/** Creates or replaces sms.comparisons, and the view of schema store that it is made of. */
export function comparisonsSql(): string {
  return `${ofCategories()}

${byMetric()}`
}

/**
 * One row a category and period: the counters of both sides. Days before the one that the category is known up to count
 * whole, that one by its complete hours, on both sides.
 */
function ofCategories(): string {
  const periods = PERIODS.map(
    ({ name, first, before, days }) => `('${name}', ${first}, ${before}, ${days})`,
  ).join(',\n    ')
  return `create or replace view store.comparison as
select
  a.name as account, c.name as category, p.period,
  ${counters('n')},
  ${eachCounter((name) => `b.${name} as ${name}_before`)}
from store.category c
${ITS_ACCOUNT}
join store.walk w on w.category_id = c.id
cross join lateral (
  select
    coalesce(
      (select day from store.calendar where starts_at <= now() and ends_at > now()), (now() at time zone ${TIMEZONE})::date
    ) as today,
    d.day as known_day,
    floor(extract(epoch from least(now(), w.newest_at) - d.starts_at) / 3600)::integer as known_hours
  from store.calendar d
  where d.starts_at <= least(now(), w.newest_at)
  order by d.starts_at desc limit 1
) t
cross join lateral (
  values ${periods}
) p (period, first, before, days)
cross join lateral (
  select least(greatest(t.known_day - p.first, 0), p.days) as whole_days,
    t.known_day - p.first between 0 and p.days - 1 as has_part
) e
${side('n', 'p.first')}
${side('b', 'p.before')};`
}

const side = (alias: string, first: string) => `cross join lateral (
  select ${eachCounter((name) => `sum(${name})::bigint as ${name}`)}
  from (
    select ${counters()} from store.all_days
    where category_id = c.id and day >= ${first} and day < ${first} + e.whole_days
    union all
    select ${counters('h')}
    from store.calendar d
    join store.all_hours h on h.category_id = c.id and h.hour >= d.starts_at
      and h.hour < least(d.starts_at + t.known_hours * interval '1 hour', d.ends_at)
    where e.has_part and d.day = ${first} + e.whole_days
  ) parts
) ${alias}`

/** One row a metric; those of an account are sums of its categories, and rates of these sums. */
function byMetric(): string {
  const all = [...COUNTERS, ...COUNTERS.map((name) => `${name}_before`)]
  const metrics = [
    ...COUNTERS.map((name) => `('${name}', ${name}::numeric, ${name}_before::numeric)`),
    ...RATE_DEFINITIONS.map(
      ({ name, part, whole }) =>
        `('${name}', store.rate(${part}, ${whole})::numeric, store.rate(${part}_before, ${whole}_before)::numeric)`,
    ),
  ]
  return `create or replace view sms.comparisons as
select
  account, category, period, metric, value, previous, value - previous as change,
  ((value - previous) / nullif(previous, 0))::double precision as change_ratio
from (
  select account, category, period, ${all.join(', ')} from store.comparison
  union all
  select account, null, period, ${all.map((name) => `sum(${name})::bigint`).join(', ')}
  from store.comparison group by account, period
) compared
cross join lateral (values
  ${metrics.join(',\n  ')}
) metrics (metric, value, previous);`
}
