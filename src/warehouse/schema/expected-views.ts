// What a day was expected to bring, by the like days before it, and the days that lie outside of that.
import { COUNTERS, type CounterName } from '../../counters/names.ts'
import { RATE_DEFINITIONS } from '../../counters/rates.ts'
import { eachCounter, ITS_ACCOUNT } from './columns.ts'

/** How many like days are looked at, and how many of them it takes. */
export const SAMPLES = { most: 8, least: 4 } as const
/** A rate of fewer messages than this says little. */
export const LEAST_DENOMINATOR = 30
export const LEAST_RATE_BAND = 0.02
/** 1.4826 · MAD is the standard deviation of a normal distribution. */
export const MAD_UNIT = 1.4826
/** How many of these units the band reaches on each side. */
export const BAND_UNITS = 4
const WIDEST_GAP = "interval '6 hours'"

export const ANOMALY_METRICS = [
  'sent',
  'delivery_rate',
  'error_rate',
  'bounce_rate',
  'click_rate',
  'unsubscribe_rate',
  'complaint_rate',
] as const
export const ANOMALY_DAYS = 90

/** Creates or replaces sms.expected_daily and sms.anomalies, and the view of schema store that they are made of. */
export function expectedSql(): string {
  return `${expectation()}

create or replace view sms.expected_daily as
select account, category, day, metric, value::numeric as value, expected, expected - band as low, expected + band as high, samples
from store.expected_daily;

create or replace view sms.anomalies as
select
  account, category, day, metric, value::numeric as value, expected, expected - band as low, expected + band as high,
  abs(value - expected) / nullif(greatest(unit, least_band / ${BAND_UNITS}), 0) as score
from store.expected_daily
where metric in (${ANOMALY_METRICS.map((name) => `'${name}'`).join(', ')})
  and day >= ${TODAY} - ${ANOMALY_DAYS}
  and is_complete and abs(value - expected) > band;`
}

/** Days that are over lie before it. */
const TODAY = '(select day from store.calendar where starts_at <= now() order by starts_at desc limit 1)'

const place = (name: CounterName) => COUNTERS.indexOf(name) + 1

/** The counter of row `alias` at a place in their order. */
const counterAt = (alias: string, position: string) =>
  `case ${position} ${COUNTERS.map((name, i) => `when ${i + 1} then ${alias}.${name}`).join(' ')} end`

/** What the metric `m` is, of a counter and of the one that it is divided by; a rate only of enough messages. */
const metricValue = (part: string, whole: string) => `case
      when m.whole is null then (${part})::double precision
      when (${whole}) >= ${LEAST_DENOMINATOR} then store.rate(${part}, ${whole})
    end`

const dayValue = (alias: string) => metricValue(counterAt(alias, 'm.part'), counterAt(alias, 'm.whole'))

/** Whether a day `s` of the category is complete and without a wide gap. */
const isLike = `s.category_id = c.id and s.day < ${TODAY}
    and s.widest_gap_ms <= (
      select (extract(epoch from greatest(${WIDEST_GAP}, 2 * expected_every)) * 1000)::bigint from store.reporting
    )`

/** Mostly they are the samples: eight rows, found without reading the days between them. */
const lastWeeks = Array.from({ length: SAMPLES.most }, (_, week) => `h.day - ${7 * (week + 1)}`).join(', ')

/**
 * One row a category, day and metric. Its samples are read from the day back until there are enough, by the index: so a
 * filter on category, day or metric reads only what it needs. Days that are over are in store.day.
 */
function expectation(): string {
  const metrics = [
    ...COUNTERS.map((name) => `('${name}', ${place(name)}, null::integer)`),
    ...RATE_DEFINITIONS.map(({ name, part, whole }) => `('${name}', ${place(part)}, ${place(whole)})`),
  ]
  return `create or replace view store.expected_daily as
select
  a.name as account, c.name as category, h.day, m.metric, v.value, e.expected, b.unit, l.least_band,
  greatest(${BAND_UNITS} * b.unit, l.least_band) as band, e.samples,
  w.newest_at >= d.ends_at and now() >= d.ends_at as is_complete
from store.category c
${ITS_ACCOUNT}
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day
cross join lateral (
  select ${eachCounter((name) => `array_agg(s.${name}) as ${name}`)}
  from store.day s
  where ${isLike} and s.day in (${lastWeeks})
) n
cross join (values
  ${metrics.join(',\n  ')}
) m (metric, part, whole)
cross join lateral (
  select ${dayValue('h')} as value
) v
cross join lateral (
  select array(
    select ${metricValue('part', 'whole')}
    from unnest(${counterAt('n', 'm.part')}, ${counterAt('n', 'm.whole')}) as sample (part, whole)
    where ${metricValue('part', 'whole')} is not null
  ) as values
) r
cross join lateral (
  select percentile_cont(0.5) within group (order by value) as expected, count(*)::integer as samples,
    array_agg(value) as values
  from unnest(
    case when cardinality(r.values) = ${SAMPLES.most} then r.values
      else array(
        select ${dayValue('s')} from store.day s
        where ${isLike} and s.day < h.day and (h.day - s.day) % 7 = 0 and ${dayValue('s')} is not null
        order by s.day desc limit ${SAMPLES.most}
      )
    end
  ) as sample (value)
) e
cross join lateral (
  select ${MAD_UNIT} * percentile_cont(0.5) within group (order by abs(value - e.expected)) as unit
  from unnest(e.values) as sample (value)
) b
cross join lateral (
  select case when m.whole is null then sqrt(greatest(e.expected, 0)) else ${LEAST_RATE_BAND} end as least_band
) l
where v.value is not null and e.samples >= ${SAMPLES.least};`
}
