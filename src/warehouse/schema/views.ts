// The views of schemas sms and sync, and those of schema store that they are made of, as SQL that can be run again
// whenever it changed. What each means is in comments.ts.
import { DIP_REACH_MS } from '../../counters/dip.ts'
import { accountViews } from './account-views.ts'
import { counters, eachCounter } from './columns.ts'
import { comparisonsSql } from './comparisons-views.ts'
import { expectedSql } from './expected-views.ts'
import { ratesSql } from './rates-views.ts'
import { sendingsSql } from './sendings-views.ts'
import { totalsSql } from './totals-views.ts'
import { trendsSql } from './trend-views.ts'

/** The calendar day of an instant: the one that it lies in by its edges, as a date may come twice. */
const dayOf = (instant: string) =>
  `(select day from store.calendar where starts_at <= ${instant} order by starts_at desc limit 1)`

const seconds = (interval: string) => `extract(epoch from ${interval})::double precision`

const SNAPSHOT_COLUMNS = `a.name as account, c.name as category, ${dayOf('s.observed_at')} as day, s.observed_at,
  ${counters('s')},
  s.timespent, s.extra, case when s.imported then 'import' else 'api' end as source, s.run_id`

const OF_CATEGORY = (id: string) => `join store.category c on c.id = ${id} and c.name <> ''
join store.account a on a.id = c.account_id`

/** The same, also for the series of an account itself, whose category is shown as null. */
const OF_SERIES = (id: string) => `join store.category c on c.id = ${id}
join store.account a on a.id = c.account_id`

/** Creates or replaces every view. */
export function viewsSql(): string {
  return `${registryViews()}

${snapshotViews()}

${trendsSql()}

${accountViews(dayOf)}

${totalsSql()}

${ratesSql()}

${sendingsSql()}

${comparisonsSql()}

${expectedSql()}

${freshnessView()}

${syncViews()}`
}

function registryViews(): string {
  return `create or replace view sms.accounts as
select name as account, label, created_at from store.account;

create or replace view sms.categories as
select
  a.name as account, c.name as category, c.state, c.label,
  -- A counter that was above 0 and is not any more has left a reset, a correction or a dip.
  case when w.newest_at is not null and coalesce(w.last, '') !~ '[1-9]' and not exists (
    select from store.snapshot s
    where s.category_id = c.id and s.kind in ('correction', 'reset', 'dip', 'baseline')
  ) then 'empty' end as note,
  c.added_at, w.first_at as first_snapshot_at, w.newest_at as last_snapshot_at
from store.category c
join store.account a on a.id = c.account_id
left join store.walk w on w.category_id = c.id
where c.name <> '';

create or replace view sms.calendar as
select
  day, starts_at, ends_at, trim_scale(round(extract(epoch from ends_at - starts_at) / 3600, 4)) as hours,
  week, month, extract(isodow from day)::smallint as weekday, extract(isodow from day) >= 6 as is_weekend
from store.calendar;`
}

function snapshotViews(): string {
  return `create or replace view sms.snapshots as
select
  ${SNAPSHOT_COLUMNS}
from store.snapshot s
${OF_CATEGORY('s.category_id')};

create or replace view sms.deltas as
select
  a.name as account, c.name as category, ${dayOf('s.observed_at')} as day, s.previous_at, s.observed_at,
  ${seconds('s.observed_at - s.previous_at')} as elapsed_seconds, s.kind::text as kind, s.decided,
  ${eachCounter((name) => `s.${name}_delta as ${name}`)},
  s.timespent_delta as timespent, s.extra_delta as extra
from store.snapshot s
${OF_CATEGORY('s.category_id')}
where s.kind is not null;

create or replace view sms.latest as
select
  ${SNAPSHOT_COLUMNS},
  ${seconds('now() - s.observed_at')} as age_seconds
from store.walk w
join store.snapshot s on s.category_id = w.category_id and s.observed_at = w.newest_at
${OF_CATEGORY('w.category_id')};`
}

function freshnessView(): string {
  return `create or replace view sms.freshness as
select
  a.name as account, c.name as category, c.state, w.newest_at as last_snapshot_at,
  ${seconds('now() - w.newest_at')} as age_seconds, ${seconds('r.expected_every')} as expected_every_seconds,
  c.state = 'active' and now() - coalesce(w.newest_at, c.added_at) > 2 * r.expected_every + interval '1 minute' as stale,
  f.at as last_failure_at, f.class || ': ' || f.message as last_failure
from store.category c
join store.account a on a.id = c.account_id
left join store.walk w on w.category_id = c.id
left join store.reporting r on true
left join lateral (
  -- A refused account has one failure, that of the category that met it; it stands for all of its categories.
  (select at, class, message from store.failure where category_id = c.id order by at desc limit 1)
  union all
  (
    select refused.at, refused.class, refused.message
    from store.failure refused
    join store.category met on met.id = refused.category_id
    where met.account_id = c.account_id and met.name <> '' and refused.class in ('authentication', 'account')
    order by refused.at desc limit 1
  )
  order by at desc limit 1
) f on true
where c.name <> '';`
}

function syncViews(): string {
  return `create or replace view sync.runs as
select
  id, account, trigger, scheduled_at, started_at, finished_at, status, categories, stored, failed, rejected, late,
  ${seconds('finished_at - started_at')} as duration_seconds
from store.run;

create or replace view sync.failures as
select
  f.run_id as run, a.name as account, nullif(c.name, '') as category, f.at, f.class, f.http_status, f.api_code, f.attempts, f.message
from store.failure f
${OF_SERIES('f.category_id')};

create or replace view sync.rejected as
select
  r.run_id as run, a.name as account, nullif(c.name, '') as category, r.at, r.reason, r.body, r.stored_at
from store.rejected r
${OF_SERIES('r.category_id')};

create or replace view sync.decisions as
select
  a.name as account, c.name as category, d.observed_at, d.decided_as, d.decided_by, d.decided_at, d.why,
  d.id = max(d.id) over (partition by d.category_id, d.observed_at) as holds
from store.decision d
${OF_CATEGORY('d.category_id')};

create or replace view sync.prunes as
select
  coalesce(a.name, p.account) as account, coalesce(c.name, p.category) as category, p.pruned_at, p.snapshots,
  p.edge as kept_from, p.edge + ${DIP_REACH_MS} * interval '1 millisecond' as final_until
from store.prune p
left join store.category c on c.id = p.category_id
left join store.account a on a.id = c.account_id
where coalesce(c.name, p.category) <> '';`
}
