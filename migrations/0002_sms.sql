-- What analysts may rely on: schema sms, and schema sync for how the syncing went.

create schema sms;
create schema sync;

-- The dictionary. `formula` is null where the provider reports the metric itself.
create table sms.metrics (
  metric text primary key,
  kind text not null check (kind in ('counter', 'gauge', 'rate')),
  label text not null,
  description text not null,
  unit text not null,
  formula text,
  position integer not null unique
);

insert into sms.metrics (position, metric, kind, label, description, unit, formula) values
  (1, 'sent', 'counter', 'Sent', 'Messages sent.', 'messages', null),
  (2, 'submitted', 'counter', 'Submitted', 'Messages handed to the operators.', 'messages', null),
  (3, 'delivered', 'counter', 'Delivered', 'Messages that reached the phone.', 'messages', null),
  (4, 'openers', 'counter', 'Openers', 'Recipients who opened the message''s page at least once.', 'recipients', null),
  (5, 'clickers', 'counter', 'Clickers', 'Recipients who clicked a link at least once.', 'recipients', null),
  (6, 'clicks', 'counter', 'Clicks', 'Clicks on links, every one counted.', 'clicks', null),
  (7, 'opens', 'counter', 'Opens', 'Openings of the message''s page, every one counted.', 'opens', null),
  (8, 'replies', 'counter', 'Replies', 'Messages that recipients sent back.', 'messages', null),
  (9, 'unsubscribers', 'counter', 'Unsubscribers', 'Recipients who unsubscribed.', 'recipients', null),
  (10, 'errors', 'counter', 'Errors', 'Messages that failed with an error.', 'messages', null),
  (11, 'bounced', 'counter', 'Bounced', 'Messages that could not be delivered to the number.', 'messages', null),
  (12, 'complaint', 'counter', 'Complaints', 'Complaints; what exactly counts as one is not documented by the provider.', 'complaints', null),
  (13, 'timespent', 'gauge', 'Time spent', 'A level, not a total; the provider does not document its unit.', 'unknown', null),
  (14, 'delivery_rate', 'rate', 'Delivery rate', 'Share of the sent messages that were delivered. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'delivered / sent'),
  (15, 'error_rate', 'rate', 'Error rate', 'Share of the sent messages that failed. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'errors / sent'),
  (16, 'bounce_rate', 'rate', 'Bounce rate', 'Share of the sent messages that bounced. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'bounced / sent'),
  (17, 'open_rate', 'rate', 'Open rate', 'Openers per delivered message. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'openers / delivered'),
  (18, 'click_rate', 'rate', 'Click rate', 'Clickers per delivered message. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'clickers / delivered'),
  (19, 'click_to_open_rate', 'rate', 'Click-to-open rate', 'Clickers per opener. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'clickers / openers'),
  (20, 'reply_rate', 'rate', 'Reply rate', 'Replies per delivered message. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'replies / delivered'),
  (21, 'unsubscribe_rate', 'rate', 'Unsubscribe rate', 'Unsubscribers per delivered message. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'unsubscribers / delivered'),
  (22, 'complaint_rate', 'rate', 'Complaint rate', 'Complaints per delivered message. Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.', 'ratio', 'complaint / delivered');

create view sms.accounts as
select name as account, label, created_at from store.account;

create view sms.categories as
select
  a.name as account, c.name as category, c.state, c.label, c.added_at,
  w.first_at as first_snapshot_at, w.newest_at as last_snapshot_at
from store.category c
join store.account a on a.id = c.account_id
left join store.walk w on w.category_id = c.id;

create view sms.snapshots as
select
  a.name as account, c.name as category, s.observed_at,
  s.sent, s.submitted, s.delivered, s.openers, s.clickers, s.clicks,
  s.opens, s.replies, s.unsubscribers, s.errors, s.bounced, s.complaint,
  s.timespent, s.extra, case when s.imported then 'import' else 'api' end as source, s.run_id
from store.snapshot s
join store.category c on c.id = s.category_id
join store.account a on a.id = c.account_id;

create view sms.deltas as
select
  a.name as account, c.name as category, s.previous_at, s.observed_at, s.observed_at - s.previous_at as elapsed,
  s.kind::text as kind, s.decided,
  s.sent_delta as sent, s.submitted_delta as submitted, s.delivered_delta as delivered,
  s.openers_delta as openers, s.clickers_delta as clickers, s.clicks_delta as clicks,
  s.opens_delta as opens, s.replies_delta as replies, s.unsubscribers_delta as unsubscribers,
  s.errors_delta as errors, s.bounced_delta as bounced, s.complaint_delta as complaint,
  s.timespent_delta as timespent, s.extra_delta as extra
from store.snapshot s
join store.category c on c.id = s.category_id
join store.account a on a.id = c.account_id
where s.kind is not null;

create view sms.latest as
select
  a.name as account, c.name as category, s.observed_at,
  s.sent, s.submitted, s.delivered, s.openers, s.clickers, s.clicks,
  s.opens, s.replies, s.unsubscribers, s.errors, s.bounced, s.complaint,
  s.timespent, s.extra, case when s.imported then 'import' else 'api' end as source, s.run_id,
  now() - s.observed_at as age
from store.walk w
join store.snapshot s on s.category_id = w.category_id and s.observed_at = w.newest_at
join store.category c on c.id = w.category_id
join store.account a on a.id = c.account_id;

create view sms.calendar as
select
  day, starts_at, ends_at, trim_scale(round(extract(epoch from ends_at - starts_at) / 3600, 4)) as hours,
  week, month, extract(isodow from day)::integer as weekday, extract(isodow from day) >= 6 as is_weekend
from store.calendar;

-- Rates are plain quotients; double precision keeps 15 digits.
create function store.rate(part bigint, whole bigint) returns double precision
language sql immutable parallel safe
return case when whole <> 0 then part::double precision / whole end;

-- The part of [starts_at, ends_at) that lies between a category's first and newest snapshot.
create function store.coverage(first_at timestamptz, newest_at timestamptz, starts_at timestamptz, ends_at timestamptz)
returns double precision language sql immutable parallel safe
return greatest(
  0,
  extract(epoch from least(newest_at, ends_at) - greatest(first_at, starts_at)) / extract(epoch from ends_at - starts_at)
)::double precision;

-- Closed buckets and the open one of each category, as one. Both sides are plain scans of one table, so
-- that a filter on the category goes down to an index on either; a condition on one side would keep
-- PostgreSQL from that. The open bucket of a category without snapshots is null, and joins with no day.
create view store.all_hours as
select category_id, hour, day,
  sent, submitted, delivered, openers, clickers, clicks,
  opens, replies, unsubscribers, errors, bounced, complaint,
  widest_gap_ms, snapshots, timespent
from store.hour
union all
select category_id, hour, day,
  (hour_growth::bigint[])[1], (hour_growth::bigint[])[2], (hour_growth::bigint[])[3], (hour_growth::bigint[])[4],
  (hour_growth::bigint[])[5], (hour_growth::bigint[])[6], (hour_growth::bigint[])[7], (hour_growth::bigint[])[8],
  (hour_growth::bigint[])[9], (hour_growth::bigint[])[10], (hour_growth::bigint[])[11], (hour_growth::bigint[])[12],
  hour_widest_gap_ms, hour_snapshots, hour_timespent
from store.walk;

create view store.all_days as
select category_id, day,
  sent, submitted, delivered, openers, clickers, clicks,
  opens, replies, unsubscribers, errors, bounced, complaint,
  widest_gap_ms, snapshots, timespent
from store.day
union all
select category_id, day,
  (day_growth::bigint[])[1], (day_growth::bigint[])[2], (day_growth::bigint[])[3], (day_growth::bigint[])[4],
  (day_growth::bigint[])[5], (day_growth::bigint[])[6], (day_growth::bigint[])[7], (day_growth::bigint[])[8],
  (day_growth::bigint[])[9], (day_growth::bigint[])[10], (day_growth::bigint[])[11], (day_growth::bigint[])[12],
  day_widest_gap_ms, day_snapshots, day_timespent
from store.walk;

create view store.trend_hourly as
select
  a.name as account, c.name as category, h.hour,
  h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks,
  h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint,
  h.timespent, h.snapshots::bigint as snapshots, h.widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, h.hour, least(h.hour + interval '1 hour', d.ends_at)) as coverage
from store.category c
join store.account a on a.id = c.account_id
join store.walk w on w.category_id = c.id
join store.all_hours h on h.category_id = c.id
join store.calendar d on d.day = h.day;

create view store.trend_daily as
select
  a.name as account, c.name as category, h.day,
  h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks,
  h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint,
  h.timespent, h.snapshots::bigint as snapshots, h.widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, d.starts_at, d.ends_at) as coverage
from store.category c
join store.account a on a.id = c.account_id
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day;

-- Weeks and months are sums of days; their first and last instants come from the calendar.
do $$
declare
  grain record;
begin
  for grain in select * from (values ('weekly', 'week'), ('monthly', 'month')) g (name, bucket) loop
    execute format($view$
      create view store.trend_%1$s as
      select
        a.name as account, c.name as category, d.%2$s,
        sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered,
        sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks,
        sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies,
        sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors,
        sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint,
        (array_agg(h.timespent order by h.day desc) filter (where h.timespent is not null))[1] as timespent,
        sum(h.snapshots)::bigint as snapshots, max(h.widest_gap_ms) as widest_gap_ms,
        store.coverage(w.first_at, w.newest_at, d.%2$s_starts_at, d.%2$s_ends_at) as coverage
      from store.category c
      join store.account a on a.id = c.account_id
      join store.walk w on w.category_id = c.id
      join store.all_days h on h.category_id = c.id
      join store.calendar d on d.day = h.day
      group by a.name, c.name, w.first_at, w.newest_at, d.%2$s, d.%2$s_starts_at, d.%2$s_ends_at
    $view$, grain.name, grain.bucket);
  end loop;
end $$;

-- The four grains, each wide (a column a metric) and long (a row a metric).
do $$
declare
  grain record;
begin
  for grain in
    select * from (values ('hourly', 'hour'), ('daily', 'day'), ('weekly', 'week'), ('monthly', 'month')) g (name, bucket)
  loop
    execute format($view$
      create view sms.trends_%1$s as
      select
        account, category, %2$s,
        sent, submitted, delivered, openers, clickers, clicks,
        opens, replies, unsubscribers, errors, bounced, complaint,
        timespent, snapshots, coverage, justify_hours(widest_gap_ms * interval '1 millisecond') as widest_gap,
        store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate,
        store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate,
        store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate,
        store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate,
        store.rate(complaint, delivered) as complaint_rate
      from store.trend_%1$s
    $view$, grain.name, grain.bucket);
    execute format($view$
      create view sms.trends_%1$s_long as
      select account, category, %2$s, metric, value
      from sms.trends_%1$s,
      lateral (values
        ('sent', sent::numeric), ('submitted', submitted::numeric), ('delivered', delivered::numeric),
        ('openers', openers::numeric), ('clickers', clickers::numeric), ('clicks', clicks::numeric),
        ('opens', opens::numeric), ('replies', replies::numeric), ('unsubscribers', unsubscribers::numeric),
        ('errors', errors::numeric), ('bounced', bounced::numeric), ('complaint', complaint::numeric),
        ('timespent', timespent), ('delivery_rate', delivery_rate::numeric), ('error_rate', error_rate::numeric),
        ('bounce_rate', bounce_rate::numeric), ('open_rate', open_rate::numeric), ('click_rate', click_rate::numeric),
        ('click_to_open_rate', click_to_open_rate::numeric), ('reply_rate', reply_rate::numeric), ('unsubscribe_rate', unsubscribe_rate::numeric),
        ('complaint_rate', complaint_rate::numeric)
      ) as metrics (metric, value)
    $view$, grain.name, grain.bucket);
  end loop;
end $$;

create view sms.freshness as
select
  a.name as account, c.name as category, c.state, w.newest_at as last_snapshot_at, now() - w.newest_at as age,
  r.expected_every,
  c.state = 'active' and now() - coalesce(w.newest_at, c.added_at) > 2 * r.expected_every + interval '1 minute' as stale,
  f.at as last_failure_at, f.class || ': ' || f.message as last_failure
from store.category c
join store.account a on a.id = c.account_id
left join store.walk w on w.category_id = c.id
left join store.reporting r on true
left join lateral (
  -- A refused account is told once, of the category that met it, and stands for all of its categories.
  (select at, class, message from store.failure where category_id = c.id order by at desc limit 1)
  union all
  (
    select refusal.at, refusal.class, refusal.message
    from store.failure refusal
    join store.category met on met.id = refusal.category_id
    where met.account_id = c.account_id and refusal.class in ('authentication', 'account')
    order by refusal.at desc limit 1
  )
  order by at desc limit 1
) f on true;

create view sync.runs as
select
  id, account, trigger, scheduled_at, started_at, finished_at, status, categories, stored, failed, rejected, late,
  finished_at - started_at as duration
from store.run;

create view sync.failures as
select
  f.run_id as run, a.name as account, c.name as category, f.at, f.class, f.http_status, f.api_code, f.attempts, f.message
from store.failure f
join store.category c on c.id = f.category_id
join store.account a on a.id = c.account_id;

create view sync.rejected as
select r.run_id as run, a.name as account, c.name as category, r.at, r.reason, r.body
from store.rejected r
join store.category c on c.id = r.category_id
join store.account a on a.id = c.account_id;

create view sync.decisions as
select
  a.name as account, c.name as category, d.observed_at, d.decided_as, d.decided_by, d.decided_at, d.why,
  d.id = max(d.id) over (partition by d.category_id, d.observed_at) as holds
from store.decision d
join store.category c on c.id = d.category_id
join store.account a on a.id = c.account_id;

create view sync.prunes as
select
  a.name as account, c.name as category, p.pruned_at, p.snapshots, p.edge as kept_from,
  p.edge + interval '7 days' as final_until
from store.prune p
join store.category c on c.id = p.category_id
join store.account a on a.id = c.account_id;
