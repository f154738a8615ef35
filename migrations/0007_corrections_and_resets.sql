-- How many corrections and resets lie in each hour and day: stored like `snapshots`, because pruning removes the deltas
-- and changes no trend. Those of snapshots that were pruned before this migration are not known any more, and count 0.

alter table store.hour
  add column corrections integer not null default 0,
  add column resets integer not null default 0;

alter table store.day
  add column corrections integer not null default 0,
  add column resets integer not null default 0;

-- Null where there is no open hour and day yet.
alter table store.walk
  add column hour_corrections integer,
  add column hour_resets integer,
  add column day_corrections integer,
  add column day_resets integer;

alter table store.checkpoint
  add column hour_corrections integer,
  add column hour_resets integer,
  add column day_corrections integer,
  add column day_resets integer;

create table store.odd_snapshot as
select
  s.category_id, s.observed_at, d.day, date_bin('1 hour', s.observed_at, d.starts_at) as hour,
  (s.kind = 'correction')::integer as corrections, (s.kind = 'reset')::integer as resets
from store.snapshot s
join lateral (
  select day, starts_at from store.calendar where starts_at <= s.observed_at order by starts_at desc limit 1
) d on true
where s.kind in ('correction', 'reset');

create index on store.odd_snapshot (category_id, observed_at);
analyze store.odd_snapshot;

update store.hour h set corrections = o.corrections, resets = o.resets
from (
  select category_id, hour, sum(corrections) as corrections, sum(resets) as resets
  from store.odd_snapshot group by category_id, hour
) o
where h.category_id = o.category_id and h.hour = o.hour;

update store.day h set corrections = o.corrections, resets = o.resets
from (
  select category_id, day, sum(corrections) as corrections, sum(resets) as resets
  from store.odd_snapshot group by category_id, day
) o
where h.category_id = o.category_id and h.day = o.day;

update store.walk w set
  hour_corrections = o.hour_corrections, hour_resets = o.hour_resets,
  day_corrections = o.day_corrections, day_resets = o.day_resets
from (
  select
    w.category_id,
    coalesce(sum(o.corrections) filter (where o.observed_at >= w.hour), 0) as hour_corrections,
    coalesce(sum(o.resets) filter (where o.observed_at >= w.hour), 0) as hour_resets,
    coalesce(sum(o.corrections), 0) as day_corrections,
    coalesce(sum(o.resets), 0) as day_resets
  from store.walk w
  left join store.odd_snapshot o
    on o.category_id = w.category_id and o.day = w.day and o.observed_at <= w.newest_at
  where w.hour is not null
  group by w.category_id
) o
where w.category_id = o.category_id;

update store.checkpoint w set
  hour_corrections = o.hour_corrections, hour_resets = o.hour_resets,
  day_corrections = o.day_corrections, day_resets = o.day_resets
from (
  select
    w.category_id, w.newest_at,
    coalesce(sum(o.corrections) filter (where o.observed_at >= w.hour), 0) as hour_corrections,
    coalesce(sum(o.resets) filter (where o.observed_at >= w.hour), 0) as hour_resets,
    coalesce(sum(o.corrections), 0) as day_corrections,
    coalesce(sum(o.resets), 0) as day_resets
  from store.checkpoint w
  left join store.odd_snapshot o
    on o.category_id = w.category_id and o.day = w.day and o.observed_at <= w.newest_at
  where w.hour is not null
  group by w.category_id, w.newest_at
) o
where w.category_id = o.category_id and w.newest_at = o.newest_at;

drop table store.odd_snapshot;
