-- The schema as it stands after all migrations. Made by npm run docs; not to be run.

create type store.delta_kind as enum ('growth', 'correction', 'reset', 'dip', 'baseline');

create table store.account (
  id integer generated always as identity not null,
  name text not null,
  label text,
  created_at timestamp with time zone not null default now(),
  UNIQUE (name),
  PRIMARY KEY (id),
  CHECK ((name <> ''::text))
);

create table store.calendar (
  day date not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  week date not null,
  week_starts_at timestamp with time zone not null,
  week_ends_at timestamp with time zone not null,
  month date not null,
  month_starts_at timestamp with time zone not null,
  month_ends_at timestamp with time zone not null,
  UNIQUE (starts_at),
  PRIMARY KEY (day)
);

create table store.category (
  id integer generated always as identity not null,
  account_id integer not null,
  name text not null,
  state text not null default 'active'::text,
  label text,
  added_at timestamp with time zone not null default now(),
  by_import boolean not null default false,
  UNIQUE (account_id, name),
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES store.account(id),
  CHECK ((char_length(name) <= 255)),
  CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'removed'::text])))
);

create table store.checkpoint (
  category_id integer not null,
  first_at timestamp with time zone,
  newest_at timestamp with time zone not null,
  standing_at timestamp with time zone,
  last text,
  last_timespent numeric,
  last_extra jsonb,
  open_dips jsonb,
  hour timestamp with time zone,
  hour_growth text,
  hour_widest_gap_ms bigint,
  hour_snapshots integer,
  hour_timespent numeric,
  day date,
  day_growth text,
  day_widest_gap_ms bigint,
  day_snapshots integer,
  day_timespent numeric,
  snapshots_since_checkpoint integer not null,
  hour_corrections integer,
  hour_resets integer,
  day_corrections integer,
  day_resets integer,
  PRIMARY KEY (category_id, newest_at)
);

create table store.day (
  day date not null,
  category_id integer not null,
  sent bigint,
  submitted bigint,
  delivered bigint,
  openers bigint,
  clickers bigint,
  clicks bigint,
  opens bigint,
  replies bigint,
  unsubscribers bigint,
  errors bigint,
  bounced bigint,
  complaint bigint,
  widest_gap_ms bigint,
  snapshots integer not null,
  timespent numeric,
  corrections integer not null default 0,
  resets integer not null default 0,
  PRIMARY KEY (category_id, day)
);

create table store.decision (
  id bigint generated always as identity not null,
  category_id integer not null,
  observed_at timestamp with time zone not null,
  decided_as text not null,
  decided_by text not null,
  decided_at timestamp with time zone not null default now(),
  why text not null,
  PRIMARY KEY (id),
  FOREIGN KEY (category_id) REFERENCES store.category(id),
  CHECK ((decided_as = ANY (ARRAY['reset'::text, 'correction'::text, 'baseline'::text, 'dip'::text, 'auto'::text]))),
  CHECK ((why <> ''::text))
);

CREATE INDEX decision_by_snapshot ON store.decision USING btree (category_id, observed_at, id DESC);

CREATE TRIGGER keep_decisions BEFORE UPDATE OR TRUNCATE ON store.decision FOR EACH STATEMENT EXECUTE FUNCTION store.refuse_rewriting();

CREATE TRIGGER keep_each_decision BEFORE DELETE ON store.decision FOR EACH ROW EXECUTE FUNCTION store.refuse_rewriting();

create table store.exported_total (
  category_id integer not null,
  counter integer not null,
  first_at timestamp with time zone not null,
  shift bigint not null default 0,
  total bigint not null,
  PRIMARY KEY (category_id, counter),
  FOREIGN KEY (category_id) REFERENCES store.category(id)
);

create table store.failure (
  id bigint generated always as identity not null,
  run_id integer not null,
  category_id integer not null,
  at timestamp with time zone not null,
  class text not null,
  http_status integer,
  api_code integer,
  attempts integer not null,
  message text not null,
  PRIMARY KEY (id),
  FOREIGN KEY (category_id) REFERENCES store.category(id),
  FOREIGN KEY (run_id) REFERENCES store.run(id),
  CHECK ((class = ANY (ARRAY['authentication'::text, 'account'::text, 'throttled'::text, 'request'::text, 'category'::text, 'server'::text, 'network'::text])))
);

CREATE INDEX failure_by_category ON store.failure USING btree (category_id, at DESC);

CREATE INDEX failure_of_account ON store.failure USING btree (at DESC) WHERE (class = ANY (ARRAY['authentication'::text, 'account'::text]));

create table store.hour (
  hour timestamp with time zone not null,
  day date not null,
  category_id integer not null,
  sent bigint,
  submitted bigint,
  delivered bigint,
  openers bigint,
  clickers bigint,
  clicks bigint,
  opens bigint,
  replies bigint,
  unsubscribers bigint,
  errors bigint,
  bounced bigint,
  complaint bigint,
  widest_gap_ms bigint,
  snapshots integer not null,
  timespent numeric,
  corrections integer not null default 0,
  resets integer not null default 0,
  PRIMARY KEY (category_id, hour)
);

create table store.lease (
  name text not null,
  token bigint not null,
  holder text,
  expires_at timestamp with time zone not null,
  PRIMARY KEY (name)
);

create table store.program (
  version text not null,
  migrated_at timestamp with time zone not null default now(),
  PRIMARY KEY (version)
);

create table store.prune (
  id bigint generated always as identity not null,
  category_id integer,
  pruned_at timestamp with time zone not null default now(),
  edge timestamp with time zone,
  snapshots integer not null,
  account text,
  category text,
  PRIMARY KEY (id),
  FOREIGN KEY (category_id) REFERENCES store.category(id),
  CHECK (((category_id IS NOT NULL) OR ((account IS NOT NULL) AND (category IS NOT NULL))))
);

CREATE INDEX prune_by_category ON store.prune USING btree (category_id, edge DESC NULLS LAST);

create table store.rejected (
  id bigint generated always as identity not null,
  run_id integer not null,
  category_id integer not null,
  at timestamp with time zone not null,
  reason text not null,
  body text not null,
  stored_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (category_id) REFERENCES store.category(id),
  FOREIGN KEY (run_id) REFERENCES store.run(id)
);

CREATE INDEX rejected_by_category ON store.rejected USING btree (category_id, at DESC);

CREATE INDEX rejected_waiting ON store.rejected USING btree (category_id, at) WHERE (stored_at IS NULL);

create table store.repeatable (
  one boolean not null default true,
  checksum text not null,
  version text not null,
  applied_at timestamp with time zone not null,
  PRIMARY KEY (one),
  CHECK (one)
);

create table store.reporting (
  one boolean not null default true,
  timezone text not null,
  expected_every interval,
  rules integer not null,
  PRIMARY KEY (one),
  CHECK (one)
);

create table store.run (
  id integer generated always as identity not null,
  key uuid not null,
  account text,
  trigger text not null,
  scheduled_at timestamp with time zone,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  status text not null,
  categories integer not null default 0,
  stored integer not null default 0,
  failed integer not null default 0,
  rejected integer not null default 0,
  late integer not null default 0,
  spooled_bytes bigint not null default 0,
  UNIQUE (key),
  PRIMARY KEY (id),
  CHECK ((status = ANY (ARRAY['ok'::text, 'partial'::text, 'failed'::text, 'running'::text, 'abandoned'::text]))),
  CHECK ((trigger = ANY (ARRAY['schedule'::text, 'manual'::text, 'startup'::text, 'replay'::text, 'import'::text])))
);

CREATE INDEX run_unfinished ON store.run USING btree (id) WHERE (status = 'running'::text);

CREATE UNIQUE INDEX run_once_a_tick ON store.run USING btree (scheduled_at, COALESCE(account, ''::text)) WHERE (trigger = 'schedule'::text);

create table store.snapshot (
  observed_at timestamp with time zone not null,
  previous_at timestamp with time zone,
  sent bigint,
  submitted bigint,
  delivered bigint,
  openers bigint,
  clickers bigint,
  clicks bigint,
  opens bigint,
  replies bigint,
  unsubscribers bigint,
  errors bigint,
  bounced bigint,
  complaint bigint,
  sent_delta bigint,
  submitted_delta bigint,
  delivered_delta bigint,
  openers_delta bigint,
  clickers_delta bigint,
  clicks_delta bigint,
  opens_delta bigint,
  replies_delta bigint,
  unsubscribers_delta bigint,
  errors_delta bigint,
  bounced_delta bigint,
  complaint_delta bigint,
  category_id integer not null,
  run_id integer not null,
  kind store.delta_kind,
  imported boolean not null,
  decided boolean,
  timespent numeric,
  timespent_delta numeric,
  extra jsonb,
  extra_delta jsonb,
  PRIMARY KEY (category_id, observed_at)
);

CREATE INDEX snapshot_to_review ON store.snapshot USING btree (category_id, observed_at) WHERE (kind = ANY (ARRAY['correction'::store.delta_kind, 'reset'::store.delta_kind, 'dip'::store.delta_kind, 'baseline'::store.delta_kind]));

CREATE TRIGGER keep_rows BEFORE DELETE ON store.snapshot FOR EACH ROW EXECUTE FUNCTION store.refuse_change();

CREATE TRIGGER keep_table BEFORE TRUNCATE ON store.snapshot FOR EACH STATEMENT EXECUTE FUNCTION store.refuse_change();

CREATE TRIGGER keep_what_was_said BEFORE UPDATE ON store.snapshot FOR EACH ROW WHEN (((((((((((((((((((old.observed_at IS DISTINCT FROM new.observed_at) OR (old.category_id IS DISTINCT FROM new.category_id)) OR (old.run_id IS DISTINCT FROM new.run_id)) OR (old.imported IS DISTINCT FROM new.imported)) OR (old.timespent IS DISTINCT FROM new.timespent)) OR (old.extra IS DISTINCT FROM new.extra)) OR (old.sent IS DISTINCT FROM new.sent)) OR (old.submitted IS DISTINCT FROM new.submitted)) OR (old.delivered IS DISTINCT FROM new.delivered)) OR (old.openers IS DISTINCT FROM new.openers)) OR (old.clickers IS DISTINCT FROM new.clickers)) OR (old.clicks IS DISTINCT FROM new.clicks)) OR (old.opens IS DISTINCT FROM new.opens)) OR (old.replies IS DISTINCT FROM new.replies)) OR (old.unsubscribers IS DISTINCT FROM new.unsubscribers)) OR (old.errors IS DISTINCT FROM new.errors)) OR (old.bounced IS DISTINCT FROM new.bounced)) OR (old.complaint IS DISTINCT FROM new.complaint))) EXECUTE FUNCTION store.refuse_change();

CREATE TRIGGER log_pruning AFTER DELETE ON store.snapshot REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION store.log_pruning();

create table store.walk (
  category_id integer not null,
  first_at timestamp with time zone,
  newest_at timestamp with time zone,
  standing_at timestamp with time zone,
  last text,
  last_timespent numeric,
  last_extra jsonb,
  open_dips jsonb,
  hour timestamp with time zone,
  hour_growth text,
  hour_widest_gap_ms bigint,
  hour_snapshots integer,
  hour_timespent numeric,
  day date,
  day_growth text,
  day_widest_gap_ms bigint,
  day_snapshots integer,
  day_timespent numeric,
  snapshots_since_checkpoint integer not null default 0,
  hour_corrections integer,
  hour_resets integer,
  day_corrections integer,
  day_resets integer,
  PRIMARY KEY (category_id)
) with (fillfactor=50);

CREATE OR REPLACE FUNCTION store.day_start(wanted date, zone text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  usual timestamptz := wanted::timestamp at time zone zone;
  minute timestamptz;
begin
  if 1 = (
    select count(distinct (t at time zone zone) - (t at time zone 'UTC'))
    from generate_series(usual - interval '36 hours', usual + interval '36 hours', interval '6 hours') t
  ) then
    return usual; -- no clock change near
  end if;
  select min(t) into minute
  from generate_series(usual - interval '36 hours', usual + interval '36 hours', interval '1 minute') t
  where (t at time zone zone)::date >= wanted;
  return (
    select min(t)
    from generate_series(minute - interval '1 minute', minute, interval '1 second') t
    where (t at time zone zone)::date >= wanted
  );
end $function$
;

CREATE OR REPLACE PROCEDURE store.extend_calendar(IN first date, IN last date)
 LANGUAGE sql
AS $procedure$
  insert into store.calendar
  select day, starts_at, ends_at, week, week_starts_at, week_ends_at, month, month_starts_at, month_ends_at
  from (
    select
      day, starts_at, ends_at, week, month,
      min(starts_at) over (partition by week) as week_starts_at,
      max(ends_at) over (partition by week) as week_ends_at,
      min(starts_at) over (partition by month) as month_starts_at,
      max(ends_at) over (partition by month) as month_ends_at
    from (
      select
        day, starts_at, lead(starts_at) over (order by day) as ends_at,
        date_trunc('week', day::timestamp)::date as week,
        date_trunc('month', day::timestamp)::date as month
      from (
        select d::date as day, store.day_start(d::date, (select timezone from store.reporting)) as starts_at
        from generate_series(
          date_trunc('week', date_trunc('month', first::timestamp)),
          date_trunc('month', last::timestamp) + interval '1 month 8 days',
          interval '1 day'
        ) d
      ) starts
    ) spans
    where ends_at > starts_at -- a skipped day has no instant
  ) spanned
  where month >= date_trunc('month', first::timestamp) and month <= last
  on conflict do nothing
$procedure$
;

CREATE OR REPLACE FUNCTION store.log_pruning()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into store.prune (category_id, edge, snapshots)
  select
    category_id,
    (select min(newest_at) from store.checkpoint c
     where c.category_id = removed.category_id and newest_at > max(removed.observed_at)),
    count(*)
  from removed group by category_id;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION store.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' and current_setting('primosync.pruning', true) = 'on' then
    return old;
  end if;
  raise exception 'a stored snapshot cannot be changed (% on store.snapshot)', lower(tg_op)
    using errcode = 'insufficient_privilege', hint = 'Use primosync reclassify to decide how a snapshot counts.';
end $function$
;

CREATE OR REPLACE FUNCTION store.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' and current_setting('primosync.pruning', true) = 'on' then
    if exists (
      select from store.category c join store.account a on a.id = c.account_id
      where c.id = old.category_id and a.name = 'sandbox'
    ) then
      return old;
    end if;
  end if;
  raise exception 'decisions are append-only (% on store.decision)', lower(tg_op)
    using errcode = 'insufficient_privilege', hint = 'Use primosync reclassify --as auto to take one back.';
end $function$
;

-- What is made again whenever it changed (src/warehouse/schema): views, their functions, the guard of snapshots.

create or replace view sms.accounts as
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
from store.calendar;

create or replace view sms.snapshots as
select
  a.name as account, c.name as category, (select day from store.calendar where starts_at <= s.observed_at order by starts_at desc limit 1) as day, s.observed_at,
  s.sent, s.submitted, s.delivered, s.openers, s.clickers, s.clicks, s.opens, s.replies, s.unsubscribers, s.errors, s.bounced, s.complaint,
  s.timespent, s.extra, case when s.imported then 'import' else 'api' end as source, s.run_id
from store.snapshot s
join store.category c on c.id = s.category_id and c.name <> ''
join store.account a on a.id = c.account_id;

create or replace view sms.deltas as
select
  a.name as account, c.name as category, (select day from store.calendar where starts_at <= s.observed_at order by starts_at desc limit 1) as day, s.previous_at, s.observed_at,
  extract(epoch from s.observed_at - s.previous_at)::double precision as elapsed_seconds, s.kind::text as kind, s.decided,
  s.sent_delta as sent, s.submitted_delta as submitted, s.delivered_delta as delivered, s.openers_delta as openers, s.clickers_delta as clickers, s.clicks_delta as clicks, s.opens_delta as opens, s.replies_delta as replies, s.unsubscribers_delta as unsubscribers, s.errors_delta as errors, s.bounced_delta as bounced, s.complaint_delta as complaint,
  s.timespent_delta as timespent, s.extra_delta as extra
from store.snapshot s
join store.category c on c.id = s.category_id and c.name <> ''
join store.account a on a.id = c.account_id
where s.kind is not null;

create or replace view sms.latest as
select
  a.name as account, c.name as category, (select day from store.calendar where starts_at <= s.observed_at order by starts_at desc limit 1) as day, s.observed_at,
  s.sent, s.submitted, s.delivered, s.openers, s.clickers, s.clicks, s.opens, s.replies, s.unsubscribers, s.errors, s.bounced, s.complaint,
  s.timespent, s.extra, case when s.imported then 'import' else 'api' end as source, s.run_id,
  extract(epoch from now() - s.observed_at)::double precision as age_seconds
from store.walk w
join store.snapshot s on s.category_id = w.category_id and s.observed_at = w.newest_at
join store.category c on c.id = w.category_id and c.name <> ''
join store.account a on a.id = c.account_id;

-- Rates are plain quotients; double precision keeps 15 digits.
create or replace function store.rate(part bigint, whole bigint) returns double precision
language sql immutable parallel safe
return case when whole <> 0 then part::double precision / whole end;

-- The part of [starts_at, ends_at) that lies between a category's first and newest snapshot.
create or replace function store.coverage(first_at timestamptz, newest_at timestamptz, starts_at timestamptz, ends_at timestamptz)
returns double precision language sql immutable parallel safe
return greatest(
  0,
  extract(epoch from least(newest_at, ends_at) - greatest(first_at, starts_at)) / extract(epoch from ends_at - starts_at)
)::double precision;

create or replace view store.all_hours as
select category_id, hour, day, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, widest_gap_ms, snapshots, corrections, resets, timespent
from store.hour
union all
select category_id, hour, day, (hour_growth::bigint[])[1], (hour_growth::bigint[])[2], (hour_growth::bigint[])[3], (hour_growth::bigint[])[4], (hour_growth::bigint[])[5], (hour_growth::bigint[])[6], (hour_growth::bigint[])[7], (hour_growth::bigint[])[8], (hour_growth::bigint[])[9], (hour_growth::bigint[])[10], (hour_growth::bigint[])[11], (hour_growth::bigint[])[12],
  hour_widest_gap_ms, hour_snapshots, hour_corrections, hour_resets, hour_timespent
from store.walk;

create or replace view store.all_days as
select category_id, day, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, widest_gap_ms, snapshots, corrections, resets, timespent
from store.day
union all
select category_id, day, (day_growth::bigint[])[1], (day_growth::bigint[])[2], (day_growth::bigint[])[3], (day_growth::bigint[])[4], (day_growth::bigint[])[5], (day_growth::bigint[])[6], (day_growth::bigint[])[7], (day_growth::bigint[])[8], (day_growth::bigint[])[9], (day_growth::bigint[])[10], (day_growth::bigint[])[11], (day_growth::bigint[])[12],
  day_widest_gap_ms, day_snapshots, day_corrections, day_resets, day_timespent
from store.walk;

create or replace view store.trend_hourly as
select
  a.name as account, c.name as category, h.hour, h.hour at time zone (select timezone from store.reporting) as local_hour, h.day,
  extract(hour from h.hour at time zone (select timezone from store.reporting))::smallint as hour_of_day,
  h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks, h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint,
  h.timespent, h.snapshots::bigint as snapshots, h.corrections::bigint as corrections,
  h.resets::bigint as resets, h.widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, h.hour, least(h.hour + interval '1 hour', d.ends_at)) as coverage,
  w.newest_at >= least(h.hour + interval '1 hour', d.ends_at) and now() >= least(h.hour + interval '1 hour', d.ends_at) as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
join store.all_hours h on h.category_id = c.id
join store.calendar d on d.day = h.day;

create or replace view store.trend_daily as
select
  a.name as account, c.name as category, h.day, extract(isodow from h.day)::smallint as weekday,
  h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks, h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint,
  h.timespent, h.snapshots::bigint as snapshots, h.corrections::bigint as corrections,
  h.resets::bigint as resets, h.widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, d.starts_at, d.ends_at) as coverage,
  w.newest_at >= d.ends_at and now() >= d.ends_at as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day;

create or replace view store.trend_weekly as
select
  a.name as account, c.name as category, d.week,
  sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint,
  (array_agg(h.timespent order by h.day desc) filter (where h.timespent is not null))[1] as timespent,
  sum(h.snapshots)::bigint as snapshots, sum(h.corrections)::bigint as corrections,
  sum(h.resets)::bigint as resets, max(h.widest_gap_ms) as widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, d.week_starts_at, d.week_ends_at) as coverage,
  w.newest_at >= d.week_ends_at and now() >= d.week_ends_at as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day
group by a.name, c.name, w.first_at, w.newest_at, d.week, d.week_starts_at, d.week_ends_at;

create or replace view store.trend_monthly as
select
  a.name as account, c.name as category, d.month,
  sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint,
  (array_agg(h.timespent order by h.day desc) filter (where h.timespent is not null))[1] as timespent,
  sum(h.snapshots)::bigint as snapshots, sum(h.corrections)::bigint as corrections,
  sum(h.resets)::bigint as resets, max(h.widest_gap_ms) as widest_gap_ms,
  store.coverage(w.first_at, w.newest_at, d.month_starts_at, d.month_ends_at) as coverage,
  w.newest_at >= d.month_ends_at and now() >= d.month_ends_at as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day
group by a.name, c.name, w.first_at, w.newest_at, d.month, d.month_starts_at, d.month_ends_at;

create or replace view sms.trends_hourly as
select
  account, category, hour, local_hour, day, hour_of_day,
  sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint,
  timespent, snapshots, corrections, resets, coverage, widest_gap_ms::double precision / 1000 as widest_gap_seconds, is_complete,
  store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from store.trend_hourly;

create or replace view sms.trends_hourly_long as
select account, category, hour, metric, kind, value
from sms.trends_hourly,
lateral (values
  ('sent', 'counter', sent::numeric),
  ('submitted', 'counter', submitted::numeric),
  ('delivered', 'counter', delivered::numeric),
  ('openers', 'counter', openers::numeric),
  ('clickers', 'counter', clickers::numeric),
  ('clicks', 'counter', clicks::numeric),
  ('opens', 'counter', opens::numeric),
  ('replies', 'counter', replies::numeric),
  ('unsubscribers', 'counter', unsubscribers::numeric),
  ('errors', 'counter', errors::numeric),
  ('bounced', 'counter', bounced::numeric),
  ('complaint', 'counter', complaint::numeric),
  ('timespent', 'gauge', timespent::numeric),
  ('delivery_rate', 'rate', delivery_rate::numeric),
  ('error_rate', 'rate', error_rate::numeric),
  ('bounce_rate', 'rate', bounce_rate::numeric),
  ('open_rate', 'rate', open_rate::numeric),
  ('click_rate', 'rate', click_rate::numeric),
  ('click_to_open_rate', 'rate', click_to_open_rate::numeric),
  ('reply_rate', 'rate', reply_rate::numeric),
  ('unsubscribe_rate', 'rate', unsubscribe_rate::numeric),
  ('complaint_rate', 'rate', complaint_rate::numeric)
) as metrics (metric, kind, value);

create or replace view sms.trends_daily as
select
  account, category, day, weekday,
  sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint,
  timespent, snapshots, corrections, resets, coverage, widest_gap_ms::double precision / 1000 as widest_gap_seconds, is_complete,
  store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from store.trend_daily;

create or replace view sms.trends_daily_long as
select account, category, day, metric, kind, value
from sms.trends_daily,
lateral (values
  ('sent', 'counter', sent::numeric),
  ('submitted', 'counter', submitted::numeric),
  ('delivered', 'counter', delivered::numeric),
  ('openers', 'counter', openers::numeric),
  ('clickers', 'counter', clickers::numeric),
  ('clicks', 'counter', clicks::numeric),
  ('opens', 'counter', opens::numeric),
  ('replies', 'counter', replies::numeric),
  ('unsubscribers', 'counter', unsubscribers::numeric),
  ('errors', 'counter', errors::numeric),
  ('bounced', 'counter', bounced::numeric),
  ('complaint', 'counter', complaint::numeric),
  ('timespent', 'gauge', timespent::numeric),
  ('delivery_rate', 'rate', delivery_rate::numeric),
  ('error_rate', 'rate', error_rate::numeric),
  ('bounce_rate', 'rate', bounce_rate::numeric),
  ('open_rate', 'rate', open_rate::numeric),
  ('click_rate', 'rate', click_rate::numeric),
  ('click_to_open_rate', 'rate', click_to_open_rate::numeric),
  ('reply_rate', 'rate', reply_rate::numeric),
  ('unsubscribe_rate', 'rate', unsubscribe_rate::numeric),
  ('complaint_rate', 'rate', complaint_rate::numeric)
) as metrics (metric, kind, value);

create or replace view sms.trends_weekly as
select
  account, category, week,
  sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint,
  timespent, snapshots, corrections, resets, coverage, widest_gap_ms::double precision / 1000 as widest_gap_seconds, is_complete,
  store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from store.trend_weekly;

create or replace view sms.trends_weekly_long as
select account, category, week, metric, kind, value
from sms.trends_weekly,
lateral (values
  ('sent', 'counter', sent::numeric),
  ('submitted', 'counter', submitted::numeric),
  ('delivered', 'counter', delivered::numeric),
  ('openers', 'counter', openers::numeric),
  ('clickers', 'counter', clickers::numeric),
  ('clicks', 'counter', clicks::numeric),
  ('opens', 'counter', opens::numeric),
  ('replies', 'counter', replies::numeric),
  ('unsubscribers', 'counter', unsubscribers::numeric),
  ('errors', 'counter', errors::numeric),
  ('bounced', 'counter', bounced::numeric),
  ('complaint', 'counter', complaint::numeric),
  ('timespent', 'gauge', timespent::numeric),
  ('delivery_rate', 'rate', delivery_rate::numeric),
  ('error_rate', 'rate', error_rate::numeric),
  ('bounce_rate', 'rate', bounce_rate::numeric),
  ('open_rate', 'rate', open_rate::numeric),
  ('click_rate', 'rate', click_rate::numeric),
  ('click_to_open_rate', 'rate', click_to_open_rate::numeric),
  ('reply_rate', 'rate', reply_rate::numeric),
  ('unsubscribe_rate', 'rate', unsubscribe_rate::numeric),
  ('complaint_rate', 'rate', complaint_rate::numeric)
) as metrics (metric, kind, value);

create or replace view sms.trends_monthly as
select
  account, category, month,
  sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint,
  timespent, snapshots, corrections, resets, coverage, widest_gap_ms::double precision / 1000 as widest_gap_seconds, is_complete,
  store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from store.trend_monthly;

create or replace view sms.trends_monthly_long as
select account, category, month, metric, kind, value
from sms.trends_monthly,
lateral (values
  ('sent', 'counter', sent::numeric),
  ('submitted', 'counter', submitted::numeric),
  ('delivered', 'counter', delivered::numeric),
  ('openers', 'counter', openers::numeric),
  ('clickers', 'counter', clickers::numeric),
  ('clicks', 'counter', clicks::numeric),
  ('opens', 'counter', opens::numeric),
  ('replies', 'counter', replies::numeric),
  ('unsubscribers', 'counter', unsubscribers::numeric),
  ('errors', 'counter', errors::numeric),
  ('bounced', 'counter', bounced::numeric),
  ('complaint', 'counter', complaint::numeric),
  ('timespent', 'gauge', timespent::numeric),
  ('delivery_rate', 'rate', delivery_rate::numeric),
  ('error_rate', 'rate', error_rate::numeric),
  ('bounce_rate', 'rate', bounce_rate::numeric),
  ('open_rate', 'rate', open_rate::numeric),
  ('click_rate', 'rate', click_rate::numeric),
  ('click_to_open_rate', 'rate', click_to_open_rate::numeric),
  ('reply_rate', 'rate', reply_rate::numeric),
  ('unsubscribe_rate', 'rate', unsubscribe_rate::numeric),
  ('complaint_rate', 'rate', complaint_rate::numeric)
) as metrics (metric, kind, value);

create or replace view sms.account_readings as
select
  a.name as account, (select day from store.calendar where starts_at <= s.observed_at order by starts_at desc limit 1) as day, s.observed_at, s.sent as sent, s.submitted as submitted, s.delivered as delivered, s.errors as undelivered, s.bounced as bounces, s.unsubscribers as unsubscribers, s.timespent as credits, s.run_id
from store.snapshot s
join store.category c on c.id = s.category_id
join store.account a on a.id = c.account_id and c.name = '';

create or replace view sms.account_trends_daily as
select
  a.name as account, h.day, h.sent as sent, h.submitted as submitted, h.delivered as delivered, h.errors as undelivered, h.bounced as bounces, h.unsubscribers as unsubscribers, h.timespent as credits, g.used as credits_used, g.bought as credits_bought,
  case when h.sent is not null then coalesce(k.sent, 0) end as attributed, h.sent - coalesce(k.sent, 0) as unattributed,
  w.newest_at >= d.ends_at and now() >= d.ends_at as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name = ''
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
    join store.account a on a.id = c.account_id and c.name = ''
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
) told;

create or replace view sms.totals_hourly as
select account, hour, local_hour, day, hour_of_day, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, categories, is_complete, store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from (
  select
    a.name as account, h.hour, h.hour at time zone (select timezone from store.reporting) as local_hour, h.day,
    extract(hour from h.hour at time zone (select timezone from store.reporting))::smallint as hour_of_day,
    sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint,
    count(*)::integer as categories,
    min(w.newest_at) >= least(h.hour + interval '1 hour', d.ends_at) and now() >= least(h.hour + interval '1 hour', d.ends_at) as is_complete
  from store.account a
  join store.category c on c.account_id = a.id and c.name <> ''
  join store.walk w on w.category_id = c.id
  join store.all_hours h on h.category_id = c.id
  join store.calendar d on d.day = h.day
  group by a.name, h.hour, h.day, d.ends_at
) totals;

create or replace view sms.totals_daily as
select account, day, weekday, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, categories, is_complete, store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from (
  select
    a.name as account, h.day, extract(isodow from h.day)::smallint as weekday,
    sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint,
    count(*)::integer as categories,
    min(w.newest_at) >= d.ends_at and now() >= d.ends_at as is_complete
  from store.account a
  join store.category c on c.account_id = a.id and c.name <> ''
  join store.walk w on w.category_id = c.id
  join store.all_days h on h.category_id = c.id
  join store.calendar d on d.day = h.day
  group by a.name, h.day, d.ends_at
) totals;

create or replace view sms.totals_weekly as
select account, week, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, categories, is_complete, store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from (
  select
    a.name as account, t.week, t.sent, t.submitted, t.delivered, t.openers, t.clickers, t.clicks, t.opens, t.replies, t.unsubscribers, t.errors, t.bounced, t.complaint,
    k.categories, k.newest_at >= t.ends_at and now() >= t.ends_at as is_complete
  from store.account a
  join (
    select c.account_id, d.week, d.week_starts_at as starts_at, d.week_ends_at as ends_at,
      sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint
    from store.category c
    join store.all_days h on h.category_id = c.id
    join store.calendar d on d.day = h.day
    where c.name <> ''
    group by c.account_id, d.week, d.week_starts_at, d.week_ends_at
  ) t on t.account_id = a.id
  cross join lateral (
    select count(*)::integer as categories, min(w.newest_at) as newest_at
    from store.category c
    join store.walk w on w.category_id = c.id
    where c.account_id = a.id and c.name <> '' and w.first_at < t.ends_at and w.newest_at >= t.starts_at
  ) k
) totals;

create or replace view sms.totals_monthly as
select account, month, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, categories, is_complete, store.rate(delivered, sent) as delivery_rate, store.rate(errors, sent) as error_rate, store.rate(bounced, sent) as bounce_rate, store.rate(openers, delivered) as open_rate, store.rate(clickers, delivered) as click_rate, store.rate(clickers, openers) as click_to_open_rate, store.rate(replies, delivered) as reply_rate, store.rate(unsubscribers, delivered) as unsubscribe_rate, store.rate(complaint, delivered) as complaint_rate
from (
  select
    a.name as account, t.month, t.sent, t.submitted, t.delivered, t.openers, t.clickers, t.clicks, t.opens, t.replies, t.unsubscribers, t.errors, t.bounced, t.complaint,
    k.categories, k.newest_at >= t.ends_at and now() >= t.ends_at as is_complete
  from store.account a
  join (
    select c.account_id, d.month, d.month_starts_at as starts_at, d.month_ends_at as ends_at,
      sum(h.sent)::bigint as sent, sum(h.submitted)::bigint as submitted, sum(h.delivered)::bigint as delivered, sum(h.openers)::bigint as openers, sum(h.clickers)::bigint as clickers, sum(h.clicks)::bigint as clicks, sum(h.opens)::bigint as opens, sum(h.replies)::bigint as replies, sum(h.unsubscribers)::bigint as unsubscribers, sum(h.errors)::bigint as errors, sum(h.bounced)::bigint as bounced, sum(h.complaint)::bigint as complaint
    from store.category c
    join store.all_days h on h.category_id = c.id
    join store.calendar d on d.day = h.day
    where c.name <> ''
    group by c.account_id, d.month, d.month_starts_at, d.month_ends_at
  ) t on t.account_id = a.id
  cross join lateral (
    select count(*)::integer as categories, min(w.newest_at) as newest_at
    from store.category c
    join store.walk w on w.category_id = c.id
    where c.account_id = a.id and c.name <> '' and w.first_at < t.ends_at and w.newest_at >= t.starts_at
  ) k
) totals;

create or replace view sms.rates_daily as
select
  a.name as account, c.name as category, h.day, n.days,
  s.sent, s.submitted, s.delivered, s.openers, s.clickers, s.clicks, s.opens, s.replies, s.unsubscribers, s.errors, s.bounced, s.complaint,
  store.rate(s.delivered, s.sent) as delivery_rate, store.rate(s.errors, s.sent) as error_rate, store.rate(s.bounced, s.sent) as bounce_rate, store.rate(s.openers, s.delivered) as open_rate, store.rate(s.clickers, s.delivered) as click_rate, store.rate(s.clickers, s.openers) as click_to_open_rate, store.rate(s.replies, s.delivered) as reply_rate, store.rate(s.unsubscribers, s.delivered) as unsubscribe_rate, store.rate(s.complaint, s.delivered) as complaint_rate
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.all_days h on h.category_id = c.id
cross join (values (7), (28)) n (days)
cross join lateral (
  select sum(i.sent)::bigint as sent, sum(i.submitted)::bigint as submitted, sum(i.delivered)::bigint as delivered, sum(i.openers)::bigint as openers, sum(i.clickers)::bigint as clickers, sum(i.clicks)::bigint as clicks, sum(i.opens)::bigint as opens, sum(i.replies)::bigint as replies, sum(i.unsubscribers)::bigint as unsubscribers, sum(i.errors)::bigint as errors, sum(i.bounced)::bigint as bounced, sum(i.complaint)::bigint as complaint
  from store.all_days i
  where i.category_id = c.id and i.day > h.day - n.days and i.day <= h.day
) s
where h.day is not null; -- a category without snapshots has an open day that is null

create or replace view sms.sendings as
select
  a.name as account, c.name as category, s.first_day, g.last_day, g.sent, g.delivered,
  g.openers_1d,
  g.openers_3d,
  g.openers_7d,
  g.openers_28d,
  g.clickers_1d,
  g.clickers_3d,
  g.clickers_7d,
  g.clickers_28d,
  g.replies_1d,
  g.replies_3d,
  g.replies_7d,
  g.replies_28d,
  g.unsubscribers_1d,
  g.unsubscribers_3d,
  g.unsubscribers_7d,
  g.unsubscribers_28d,
  store.rate(g.openers_1d, g.delivered) as open_rate_1d,
  store.rate(g.openers_3d, g.delivered) as open_rate_3d,
  store.rate(g.openers_7d, g.delivered) as open_rate_7d,
  store.rate(g.openers_28d, g.delivered) as open_rate_28d,
  store.rate(g.clickers_1d, g.delivered) as click_rate_1d,
  store.rate(g.clickers_3d, g.delivered) as click_rate_3d,
  store.rate(g.clickers_7d, g.delivered) as click_rate_7d,
  store.rate(g.clickers_28d, g.delivered) as click_rate_28d,
  store.rate(g.replies_1d, g.delivered) as reply_rate_1d,
  store.rate(g.replies_3d, g.delivered) as reply_rate_3d,
  store.rate(g.replies_7d, g.delivered) as reply_rate_7d,
  store.rate(g.replies_28d, g.delivered) as reply_rate_28d,
  store.rate(g.unsubscribers_1d, g.delivered) as unsubscribe_rate_1d,
  store.rate(g.unsubscribers_3d, g.delivered) as unsubscribe_rate_3d,
  store.rate(g.unsubscribers_7d, g.delivered) as unsubscribe_rate_7d,
  store.rate(g.unsubscribers_28d, g.delivered) as unsubscribe_rate_28d
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
cross join lateral (
  select day as first_day, lead(day) over (order by day) as next_day
  from (
    select day, lag(day) over (order by day) as before
    from store.all_days
    where category_id = c.id and sent > 0
  ) sent
  where before is null or day - before > 2
) s
cross join lateral (
  select
    max(h.day) filter (where h.sent > 0) as last_day,
    sum(h.sent)::bigint as sent, sum(h.delivered)::bigint as delivered,
    sum(h.openers) filter (where h.day < s.first_day + 1)::bigint as openers_1d,
    sum(h.openers) filter (where h.day < s.first_day + 3)::bigint as openers_3d,
    sum(h.openers) filter (where h.day < s.first_day + 7)::bigint as openers_7d,
    sum(h.openers) filter (where h.day < s.first_day + 28)::bigint as openers_28d,
    sum(h.clickers) filter (where h.day < s.first_day + 1)::bigint as clickers_1d,
    sum(h.clickers) filter (where h.day < s.first_day + 3)::bigint as clickers_3d,
    sum(h.clickers) filter (where h.day < s.first_day + 7)::bigint as clickers_7d,
    sum(h.clickers) filter (where h.day < s.first_day + 28)::bigint as clickers_28d,
    sum(h.replies) filter (where h.day < s.first_day + 1)::bigint as replies_1d,
    sum(h.replies) filter (where h.day < s.first_day + 3)::bigint as replies_3d,
    sum(h.replies) filter (where h.day < s.first_day + 7)::bigint as replies_7d,
    sum(h.replies) filter (where h.day < s.first_day + 28)::bigint as replies_28d,
    sum(h.unsubscribers) filter (where h.day < s.first_day + 1)::bigint as unsubscribers_1d,
    sum(h.unsubscribers) filter (where h.day < s.first_day + 3)::bigint as unsubscribers_3d,
    sum(h.unsubscribers) filter (where h.day < s.first_day + 7)::bigint as unsubscribers_7d,
    sum(h.unsubscribers) filter (where h.day < s.first_day + 28)::bigint as unsubscribers_28d
  from store.all_days h
  where h.category_id = c.id and h.day >= s.first_day and h.day < coalesce(s.next_day, 'infinity')
) g;

create or replace view store.comparison as
select
  a.name as account, c.name as category, p.period,
  n.sent, n.submitted, n.delivered, n.openers, n.clickers, n.clicks, n.opens, n.replies, n.unsubscribers, n.errors, n.bounced, n.complaint,
  b.sent as sent_before, b.submitted as submitted_before, b.delivered as delivered_before, b.openers as openers_before, b.clickers as clickers_before, b.clicks as clicks_before, b.opens as opens_before, b.replies as replies_before, b.unsubscribers as unsubscribers_before, b.errors as errors_before, b.bounced as bounced_before, b.complaint as complaint_before
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
cross join lateral (
  select
    coalesce(
      (select day from store.calendar where starts_at <= now() and ends_at > now()), (now() at time zone (select timezone from store.reporting))::date
    ) as today,
    d.day as known_day,
    floor(extract(epoch from least(now(), w.newest_at) - d.starts_at) / 3600)::integer as known_hours
  from store.calendar d
  where d.starts_at <= least(now(), w.newest_at)
  order by d.starts_at desc limit 1
) t
cross join lateral (
  values ('today', t.today, t.today - 7, 1),
    ('yesterday', t.today - 1, t.today - 8, 1),
    ('this_week', date_trunc('week', t.today::timestamp)::date, date_trunc('week', t.today::timestamp)::date - 7, extract(isodow from t.today)::integer),
    ('this_month', date_trunc('month', t.today::timestamp)::date, (date_trunc('month', t.today::timestamp) - interval '1 month')::date, least(t.today - date_trunc('month', t.today::timestamp)::date + 1, date_trunc('month', t.today::timestamp)::date - (date_trunc('month', t.today::timestamp) - interval '1 month')::date)),
    ('last_7_days', t.today - 7, t.today - 14, 7),
    ('last_28_days', t.today - 28, t.today - 56, 28)
) p (period, first, before, days)
cross join lateral (
  select least(greatest(t.known_day - p.first, 0), p.days) as whole_days,
    t.known_day - p.first between 0 and p.days - 1 as has_part
) e
cross join lateral (
  select sum(sent)::bigint as sent, sum(submitted)::bigint as submitted, sum(delivered)::bigint as delivered, sum(openers)::bigint as openers, sum(clickers)::bigint as clickers, sum(clicks)::bigint as clicks, sum(opens)::bigint as opens, sum(replies)::bigint as replies, sum(unsubscribers)::bigint as unsubscribers, sum(errors)::bigint as errors, sum(bounced)::bigint as bounced, sum(complaint)::bigint as complaint
  from (
    select sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint from store.all_days
    where category_id = c.id and day >= p.first and day < p.first + e.whole_days
    union all
    select h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks, h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint
    from store.calendar d
    join store.all_hours h on h.category_id = c.id and h.hour >= d.starts_at
      and h.hour < least(d.starts_at + t.known_hours * interval '1 hour', d.ends_at)
    where e.has_part and d.day = p.first + e.whole_days
  ) parts
) n
cross join lateral (
  select sum(sent)::bigint as sent, sum(submitted)::bigint as submitted, sum(delivered)::bigint as delivered, sum(openers)::bigint as openers, sum(clickers)::bigint as clickers, sum(clicks)::bigint as clicks, sum(opens)::bigint as opens, sum(replies)::bigint as replies, sum(unsubscribers)::bigint as unsubscribers, sum(errors)::bigint as errors, sum(bounced)::bigint as bounced, sum(complaint)::bigint as complaint
  from (
    select sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint from store.all_days
    where category_id = c.id and day >= p.before and day < p.before + e.whole_days
    union all
    select h.sent, h.submitted, h.delivered, h.openers, h.clickers, h.clicks, h.opens, h.replies, h.unsubscribers, h.errors, h.bounced, h.complaint
    from store.calendar d
    join store.all_hours h on h.category_id = c.id and h.hour >= d.starts_at
      and h.hour < least(d.starts_at + t.known_hours * interval '1 hour', d.ends_at)
    where e.has_part and d.day = p.before + e.whole_days
  ) parts
) b;

create or replace view sms.comparisons as
select
  account, category, period, metric, value, previous, value - previous as change,
  ((value - previous) / nullif(previous, 0))::double precision as change_ratio
from (
  select account, category, period, sent, submitted, delivered, openers, clickers, clicks, opens, replies, unsubscribers, errors, bounced, complaint, sent_before, submitted_before, delivered_before, openers_before, clickers_before, clicks_before, opens_before, replies_before, unsubscribers_before, errors_before, bounced_before, complaint_before from store.comparison
  union all
  select account, null, period, sum(sent)::bigint, sum(submitted)::bigint, sum(delivered)::bigint, sum(openers)::bigint, sum(clickers)::bigint, sum(clicks)::bigint, sum(opens)::bigint, sum(replies)::bigint, sum(unsubscribers)::bigint, sum(errors)::bigint, sum(bounced)::bigint, sum(complaint)::bigint, sum(sent_before)::bigint, sum(submitted_before)::bigint, sum(delivered_before)::bigint, sum(openers_before)::bigint, sum(clickers_before)::bigint, sum(clicks_before)::bigint, sum(opens_before)::bigint, sum(replies_before)::bigint, sum(unsubscribers_before)::bigint, sum(errors_before)::bigint, sum(bounced_before)::bigint, sum(complaint_before)::bigint
  from store.comparison group by account, period
) compared
cross join lateral (values
  ('sent', sent::numeric, sent_before::numeric),
  ('submitted', submitted::numeric, submitted_before::numeric),
  ('delivered', delivered::numeric, delivered_before::numeric),
  ('openers', openers::numeric, openers_before::numeric),
  ('clickers', clickers::numeric, clickers_before::numeric),
  ('clicks', clicks::numeric, clicks_before::numeric),
  ('opens', opens::numeric, opens_before::numeric),
  ('replies', replies::numeric, replies_before::numeric),
  ('unsubscribers', unsubscribers::numeric, unsubscribers_before::numeric),
  ('errors', errors::numeric, errors_before::numeric),
  ('bounced', bounced::numeric, bounced_before::numeric),
  ('complaint', complaint::numeric, complaint_before::numeric),
  ('delivery_rate', store.rate(delivered, sent)::numeric, store.rate(delivered_before, sent_before)::numeric),
  ('error_rate', store.rate(errors, sent)::numeric, store.rate(errors_before, sent_before)::numeric),
  ('bounce_rate', store.rate(bounced, sent)::numeric, store.rate(bounced_before, sent_before)::numeric),
  ('open_rate', store.rate(openers, delivered)::numeric, store.rate(openers_before, delivered_before)::numeric),
  ('click_rate', store.rate(clickers, delivered)::numeric, store.rate(clickers_before, delivered_before)::numeric),
  ('click_to_open_rate', store.rate(clickers, openers)::numeric, store.rate(clickers_before, openers_before)::numeric),
  ('reply_rate', store.rate(replies, delivered)::numeric, store.rate(replies_before, delivered_before)::numeric),
  ('unsubscribe_rate', store.rate(unsubscribers, delivered)::numeric, store.rate(unsubscribers_before, delivered_before)::numeric),
  ('complaint_rate', store.rate(complaint, delivered)::numeric, store.rate(complaint_before, delivered_before)::numeric)
) metrics (metric, value, previous);

create or replace view store.expected_daily as
select
  a.name as account, c.name as category, h.day, m.metric, v.value, e.expected, b.unit, l.least_band,
  greatest(4 * b.unit, l.least_band) as band, e.samples,
  w.newest_at >= d.ends_at and now() >= d.ends_at as is_complete
from store.category c
join store.account a on a.id = c.account_id and c.name <> ''
join store.walk w on w.category_id = c.id
join store.all_days h on h.category_id = c.id
join store.calendar d on d.day = h.day
cross join lateral (
  select array_agg(s.sent) as sent, array_agg(s.submitted) as submitted, array_agg(s.delivered) as delivered, array_agg(s.openers) as openers, array_agg(s.clickers) as clickers, array_agg(s.clicks) as clicks, array_agg(s.opens) as opens, array_agg(s.replies) as replies, array_agg(s.unsubscribers) as unsubscribers, array_agg(s.errors) as errors, array_agg(s.bounced) as bounced, array_agg(s.complaint) as complaint
  from store.day s
  where s.category_id = c.id and s.day < (select day from store.calendar where starts_at <= now() order by starts_at desc limit 1)
    and s.widest_gap_ms <= (
      select (extract(epoch from greatest(interval '6 hours', 2 * expected_every)) * 1000)::bigint from store.reporting
    ) and s.day in (h.day - 7, h.day - 14, h.day - 21, h.day - 28, h.day - 35, h.day - 42, h.day - 49, h.day - 56)
) n
cross join (values
  ('sent', 1, null::integer),
  ('submitted', 2, null::integer),
  ('delivered', 3, null::integer),
  ('openers', 4, null::integer),
  ('clickers', 5, null::integer),
  ('clicks', 6, null::integer),
  ('opens', 7, null::integer),
  ('replies', 8, null::integer),
  ('unsubscribers', 9, null::integer),
  ('errors', 10, null::integer),
  ('bounced', 11, null::integer),
  ('complaint', 12, null::integer),
  ('delivery_rate', 3, 1),
  ('error_rate', 10, 1),
  ('bounce_rate', 11, 1),
  ('open_rate', 4, 3),
  ('click_rate', 5, 3),
  ('click_to_open_rate', 5, 4),
  ('reply_rate', 8, 3),
  ('unsubscribe_rate', 9, 3),
  ('complaint_rate', 12, 3)
) m (metric, part, whole)
cross join lateral (
  select case
      when m.whole is null then (case m.part when 1 then h.sent when 2 then h.submitted when 3 then h.delivered when 4 then h.openers when 5 then h.clickers when 6 then h.clicks when 7 then h.opens when 8 then h.replies when 9 then h.unsubscribers when 10 then h.errors when 11 then h.bounced when 12 then h.complaint end)::double precision
      when (case m.whole when 1 then h.sent when 2 then h.submitted when 3 then h.delivered when 4 then h.openers when 5 then h.clickers when 6 then h.clicks when 7 then h.opens when 8 then h.replies when 9 then h.unsubscribers when 10 then h.errors when 11 then h.bounced when 12 then h.complaint end) >= 30 then store.rate(case m.part when 1 then h.sent when 2 then h.submitted when 3 then h.delivered when 4 then h.openers when 5 then h.clickers when 6 then h.clicks when 7 then h.opens when 8 then h.replies when 9 then h.unsubscribers when 10 then h.errors when 11 then h.bounced when 12 then h.complaint end, case m.whole when 1 then h.sent when 2 then h.submitted when 3 then h.delivered when 4 then h.openers when 5 then h.clickers when 6 then h.clicks when 7 then h.opens when 8 then h.replies when 9 then h.unsubscribers when 10 then h.errors when 11 then h.bounced when 12 then h.complaint end)
    end as value
) v
cross join lateral (
  select array(
    select case
      when m.whole is null then (part)::double precision
      when (whole) >= 30 then store.rate(part, whole)
    end
    from unnest(case m.part when 1 then n.sent when 2 then n.submitted when 3 then n.delivered when 4 then n.openers when 5 then n.clickers when 6 then n.clicks when 7 then n.opens when 8 then n.replies when 9 then n.unsubscribers when 10 then n.errors when 11 then n.bounced when 12 then n.complaint end, case m.whole when 1 then n.sent when 2 then n.submitted when 3 then n.delivered when 4 then n.openers when 5 then n.clickers when 6 then n.clicks when 7 then n.opens when 8 then n.replies when 9 then n.unsubscribers when 10 then n.errors when 11 then n.bounced when 12 then n.complaint end) as sample (part, whole)
    where case
      when m.whole is null then (part)::double precision
      when (whole) >= 30 then store.rate(part, whole)
    end is not null
  ) as values
) r
cross join lateral (
  select percentile_cont(0.5) within group (order by value) as expected, count(*)::integer as samples,
    array_agg(value) as values
  from unnest(
    case when cardinality(r.values) = 8 then r.values
      else array(
        select case
      when m.whole is null then (case m.part when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end)::double precision
      when (case m.whole when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end) >= 30 then store.rate(case m.part when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end, case m.whole when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end)
    end from store.day s
        where s.category_id = c.id and s.day < (select day from store.calendar where starts_at <= now() order by starts_at desc limit 1)
    and s.widest_gap_ms <= (
      select (extract(epoch from greatest(interval '6 hours', 2 * expected_every)) * 1000)::bigint from store.reporting
    ) and s.day < h.day and (h.day - s.day) % 7 = 0 and case
      when m.whole is null then (case m.part when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end)::double precision
      when (case m.whole when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end) >= 30 then store.rate(case m.part when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end, case m.whole when 1 then s.sent when 2 then s.submitted when 3 then s.delivered when 4 then s.openers when 5 then s.clickers when 6 then s.clicks when 7 then s.opens when 8 then s.replies when 9 then s.unsubscribers when 10 then s.errors when 11 then s.bounced when 12 then s.complaint end)
    end is not null
        order by s.day desc limit 8
      )
    end
  ) as sample (value)
) e
cross join lateral (
  select 1.4826 * percentile_cont(0.5) within group (order by abs(value - e.expected)) as unit
  from unnest(e.values) as sample (value)
) b
cross join lateral (
  select case when m.whole is null then sqrt(greatest(e.expected, 0)) else 0.02 end as least_band
) l
where v.value is not null and e.samples >= 4;

create or replace view sms.expected_daily as
select account, category, day, metric, value::numeric as value, expected, expected - band as low, expected + band as high, samples
from store.expected_daily;

create or replace view sms.anomalies as
select
  account, category, day, metric, value::numeric as value, expected, expected - band as low, expected + band as high,
  abs(value - expected) / nullif(greatest(unit, least_band / 4), 0) as score
from store.expected_daily
where metric in ('sent', 'delivery_rate', 'error_rate', 'bounce_rate', 'click_rate', 'unsubscribe_rate', 'complaint_rate')
  and day >= (select day from store.calendar where starts_at <= now() order by starts_at desc limit 1) - 90
  and is_complete and abs(value - expected) > band;

create or replace view sms.freshness as
select
  a.name as account, c.name as category, c.state, w.newest_at as last_snapshot_at,
  extract(epoch from now() - w.newest_at)::double precision as age_seconds, extract(epoch from r.expected_every)::double precision as expected_every_seconds,
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
where c.name <> '';

create or replace view sync.runs as
select
  id, account, trigger, scheduled_at, started_at, finished_at, status, categories, stored, failed, rejected, late,
  extract(epoch from finished_at - started_at)::double precision as duration_seconds
from store.run;

create or replace view sync.failures as
select
  f.run_id as run, a.name as account, nullif(c.name, '') as category, f.at, f.class, f.http_status, f.api_code, f.attempts, f.message
from store.failure f
join store.category c on c.id = f.category_id
join store.account a on a.id = c.account_id;

create or replace view sync.rejected as
select
  r.run_id as run, a.name as account, nullif(c.name, '') as category, r.at, r.reason, r.body, r.stored_at
from store.rejected r
join store.category c on c.id = r.category_id
join store.account a on a.id = c.account_id;

create or replace view sync.decisions as
select
  a.name as account, c.name as category, d.observed_at, d.decided_as, d.decided_by, d.decided_at, d.why,
  d.id = max(d.id) over (partition by d.category_id, d.observed_at) as holds
from store.decision d
join store.category c on c.id = d.category_id and c.name <> ''
join store.account a on a.id = c.account_id;

create or replace view sync.prunes as
select
  coalesce(a.name, p.account) as account, coalesce(c.name, p.category) as category, p.pruned_at, p.snapshots,
  p.edge as kept_from, p.edge + 604800000 * interval '1 millisecond' as final_until
from store.prune p
left join store.category c on c.id = p.category_id
left join store.account a on a.id = c.account_id
where coalesce(c.name, p.category) <> '';

create or replace trigger keep_what_was_said before update on store.snapshot for each row
when ((old.observed_at, old.category_id, old.run_id, old.imported, old.timespent, old.extra, old.sent, old.submitted, old.delivered, old.openers, old.clickers, old.clicks, old.opens, old.replies, old.unsubscribers, old.errors, old.bounced, old.complaint) is distinct from (new.observed_at, new.category_id, new.run_id, new.imported, new.timespent, new.extra, new.sent, new.submitted, new.delivered, new.openers, new.clickers, new.clicks, new.opens, new.replies, new.unsubscribers, new.errors, new.bounced, new.complaint))
execute function store.refuse_change();
