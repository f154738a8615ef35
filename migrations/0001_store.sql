-- The store: what the provider answered, what was derived from it, and who asked when.
-- Everything here may change between versions; what users may rely on is in schemas sms and sync, whose views,
-- comments and dictionary src/warehouse/schema makes from the list of counters.
--
-- Each key that belongs to a category starts with its id, and no statement needs the rows of more than
-- one category to be consistent, so that the tables can be distributed by category.

create schema store;

create table store.account (
  id integer generated always as identity primary key,
  name text not null unique check (name <> ''),
  label text,
  created_at timestamptz not null default now()
);

create table store.category (
  id integer generated always as identity primary key,
  account_id integer not null references store.account,
  name text not null check (char_length(name) between 1 and 255),
  state text not null default 'active' check (state in ('active', 'paused', 'removed')),
  label text,
  added_at timestamptz not null default now(),
  by_import boolean not null default false, -- paused only because nobody has asked to poll it yet
  unique (account_id, name)
);

create table store.run (
  id integer generated always as identity primary key,
  key uuid not null unique, -- given by the process: the run may have begun while the database was away
  account text, -- the scope; null: all accounts
  trigger text not null check (trigger in ('schedule', 'manual', 'startup', 'replay', 'import')),
  scheduled_at timestamptz,
  started_at timestamptz not null,
  finished_at timestamptz,
  status text not null check (status in ('ok', 'partial', 'failed', 'running', 'abandoned')),
  categories integer not null default 0,
  stored integer not null default 0,
  failed integer not null default 0,
  rejected integer not null default 0,
  late integer not null default 0,
  spooled_bytes bigint not null default 0 -- how far its spool segment is stored; committed with what it held
);

-- Two daemons on one schedule: the tick of an instant is run once.
create unique index run_once_a_tick on store.run (scheduled_at, coalesce(account, '')) where trigger = 'schedule';
create index run_unfinished on store.run (id) where status = 'running';

create table store.failure (
  id bigint generated always as identity primary key,
  run_id integer not null references store.run,
  category_id integer not null references store.category,
  at timestamptz not null,
  class text not null check (
    class in ('authentication', 'account', 'throttled', 'request', 'category', 'server', 'network')
  ),
  http_status integer,
  api_code integer,
  attempts integer not null,
  message text not null
);

create index failure_by_category on store.failure (category_id, at desc);
create index failure_of_account on store.failure (at desc) where class in ('authentication', 'account');

create table store.rejected (
  id bigint generated always as identity primary key,
  run_id integer not null references store.run,
  category_id integer not null references store.category,
  at timestamptz not null, -- when the answer arrived
  reason text not null,
  body text not null
);

create index rejected_by_category on store.rejected (category_id, at desc);

-- Decisions are append-only: `auto` takes one back, and says who, when and why.
create function store.refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception 'decisions are append-only (% on store.decision)', lower(tg_op)
    using errcode = 'insufficient_privilege', hint = 'Use primosync reclassify --as auto to take one back.';
end $$;

create table store.decision (
  id bigint generated always as identity primary key,
  category_id integer not null references store.category,
  observed_at timestamptz not null,
  decided_as text not null check (decided_as in ('reset', 'correction', 'baseline', 'dip', 'auto')),
  decided_by text not null,
  decided_at timestamptz not null default now(),
  why text not null check (why <> '')
);

create index decision_by_snapshot on store.decision (category_id, observed_at, id desc);

create trigger keep_decisions before update or delete or truncate on store.decision
execute function store.refuse_rewriting();

create type store.delta_kind as enum ('growth', 'correction', 'reset', 'dip', 'baseline');

-- A snapshot and the delta that it brought, in one row: a second table of deltas would double the keys and
-- row headers (docs/decisions.md has the measurement). What the provider said never changes (see the trigger
-- below); the derived columns, those of the delta, are null in the first snapshot of a series.
-- Columns stand in the order of their width, which saves a fortieth of the table in padding.
-- No foreign keys: they would cost more than the rows; the program holds the category's walk row locked.
create table store.snapshot (
  observed_at timestamptz not null,
  previous_at timestamptz, -- derived
  sent bigint, submitted bigint, delivered bigint, openers bigint, clickers bigint, clicks bigint,
  opens bigint, replies bigint, unsubscribers bigint, errors bigint, bounced bigint, complaint bigint,
  sent_delta bigint, submitted_delta bigint, delivered_delta bigint, openers_delta bigint,
  clickers_delta bigint, clicks_delta bigint, opens_delta bigint, replies_delta bigint,
  unsubscribers_delta bigint, errors_delta bigint, bounced_delta bigint, complaint_delta bigint, -- derived
  category_id integer not null,
  run_id integer not null,
  kind store.delta_kind, -- derived
  imported boolean not null,
  decided boolean, -- derived
  timespent numeric,
  timespent_delta numeric, -- derived
  extra jsonb,
  extra_delta jsonb, -- derived
  primary key (category_id, observed_at)
);

create index snapshot_to_review on store.snapshot (category_id, observed_at)
where kind in ('correction', 'reset', 'dip', 'baseline');

-- The trends of hours and days that are over; those still open are in store.walk.
create table store.hour (
  hour timestamptz not null,
  day date not null,
  category_id integer not null,
  sent bigint, submitted bigint, delivered bigint, openers bigint, clickers bigint, clicks bigint,
  opens bigint, replies bigint, unsubscribers bigint, errors bigint, bounced bigint, complaint bigint,
  widest_gap_ms bigint,
  snapshots integer not null,
  timespent numeric,
  primary key (category_id, hour)
);

create table store.day (
  day date not null,
  category_id integer not null,
  sent bigint, submitted bigint, delivered bigint, openers bigint, clickers bigint, clicks bigint,
  opens bigint, replies bigint, unsubscribers bigint, errors bigint, bounced bigint, complaint bigint,
  widest_gap_ms bigint,
  snapshots integer not null,
  timespent numeric,
  primary key (category_id, day)
);

-- Where the derivation of each category stands: enough to add a snapshot at the end without reading any
-- other. Its row is the category's lock. Counters stand in their order as the text of a bigint[], which costs
-- half of an array's time in each tick.
create table store.walk (
  category_id integer primary key,
  first_at timestamptz, -- the first and the newest snapshot, dips included; null: none yet
  newest_at timestamptz,
  standing_at timestamptz, -- the snapshot that the walk stands at, and what was last known there
  last text,
  last_timespent numeric,
  last_extra jsonb,
  open_dips jsonb, -- falls that may still turn out to be dips; null: none
  hour timestamptz, -- the hour and the day that the newest snapshot lies in, with what they gained so far
  hour_growth text,
  hour_widest_gap_ms bigint,
  hour_snapshots integer,
  hour_timespent numeric,
  day date,
  day_growth text,
  day_widest_gap_ms bigint,
  day_snapshots integer,
  day_timespent numeric,
  snapshots_since_checkpoint integer not null default 0
) with (fillfactor = 50); -- each tick updates every row in place

-- Earlier copies of walk rows: where a late snapshot, a decision or a dip makes the derivation start again.
create table store.checkpoint (like store.walk, primary key (category_id, newest_at));

-- What pruning removed, as the database itself logs it: snapshots of a category before `edge`, whose checkpoint
-- now stands for them (null: none does, as somebody else removed them). The newest edge of a category holds;
-- what lies up to seven days after it (the reach of the dip rule) is final.
create table store.prune (
  id bigint generated always as identity primary key,
  category_id integer not null references store.category,
  pruned_at timestamptz not null default now(),
  edge timestamptz,
  snapshots integer not null
);

create index prune_by_category on store.prune (category_id, edge desc nulls last);

-- One row: what the whole warehouse agrees on.
create table store.reporting (
  one boolean primary key default true check (one),
  timezone text not null,
  expected_every interval, -- the longest time between two ticks of the schedule
  rules integer not null -- the version of the rules that the derived rows were made by
);

-- The versions of the program that brought the schema forward: an older one says which to use instead.
create table store.program (
  version text primary key,
  migrated_at timestamptz not null default now()
);

-- One writer at a time: a lease with a token that grows with every holder.
create table store.lease (
  name text primary key,
  token bigint not null,
  holder text,
  expires_at timestamptz not null
);

-- The days of the reporting zone, as PostgreSQL's own time zone data gives them.
create table store.calendar (
  day date primary key,
  starts_at timestamptz not null unique,
  ends_at timestamptz not null,
  week date not null,
  week_starts_at timestamptz not null,
  week_ends_at timestamptz not null,
  month date not null,
  month_starts_at timestamptz not null,
  month_ends_at timestamptz not null
);

-- The first instant that bears the date `wanted` in `zone`, or a later date where that day was skipped.
-- `date at time zone zone` alone gives the second midnight where the clocks go back over it.
create function store.day_start(wanted date, zone text) returns timestamptz language plpgsql stable as $$
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
end $$;

-- Makes the calendar hold at least the days from `first` to `last`, in whole months.
create procedure store.extend_calendar(first date, last date) language sql as $$
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
$$;

-- What the provider said is written once. Derived columns may be derived anew; rows go only by pruning.
create function store.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('primosync.pruning', true) = 'on' then
    return old;
  end if;
  raise exception 'a stored snapshot cannot be changed (% on store.snapshot)', lower(tg_op)
    using errcode = 'insufficient_privilege', hint = 'Use primosync reclassify to decide how a snapshot counts.';
end $$;

create trigger keep_rows before delete on store.snapshot for each row execute function store.refuse_change();

create trigger keep_table before truncate on store.snapshot execute function store.refuse_change();

-- Whoever opens that door leaves a trace. All before a checkpoint is removed, so the next one is the edge.
create function store.log_pruning() returns trigger language plpgsql as $$
begin
  insert into store.prune (category_id, edge, snapshots)
  select
    category_id,
    (select min(newest_at) from store.checkpoint c
     where c.category_id = removed.category_id and newest_at > max(removed.observed_at)),
    count(*)
  from removed group by category_id;
  return null;
end $$;

create trigger log_pruning after delete on store.snapshot referencing old table as removed
for each statement execute function store.log_pruning();

-- What /metrics exports of the counters. A Prometheus counter must never fall, not even after a correction, a
-- decision, a restart or on another machine, so the highest total shown so far is stored.
create table store.exported_total (
  category_id integer not null references store.category,
  counter integer not null, -- its place in the order of the counters, from 1
  first_at timestamptz not null, -- where the series began when this row was written
  shift bigint not null default 0, -- total minus growth since first_at: an import brought older history
  total bigint not null,
  primary key (category_id, counter)
);

-- Views, comments, functions and the dictionary are not migrated but made again whenever they changed. One row: the
-- script that made those in place.
create table store.repeatable (
  one boolean primary key default true check (one),
  checksum text not null,
  version text not null, -- of the program
  applied_at timestamptz not null
);

create schema sms;
create schema sync;

-- The dictionary of all metrics.
create table sms.metrics (
  metric text primary key,
  kind text not null check (kind in ('counter', 'gauge', 'rate')),
  label text not null,
  description text not null,
  unit text not null,
  formula text, -- null: the provider reports the metric itself
  position integer not null unique
);
