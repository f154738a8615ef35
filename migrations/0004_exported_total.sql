-- What /metrics exports of the business counters. A Prometheus counter must never fall, also not after a
-- correction, a decision, a restart or on another machine; so the highest total shown so far is kept.

create table store.exported_total (
  category_id integer not null references store.category,
  counter integer not null, -- 1 to 12, in the order of the counters
  first_at timestamptz not null, -- where the series began when this row was written
  shift bigint not null default 0, -- total minus growth since first_at: older history came in by an import
  total bigint not null,
  primary key (category_id, counter)
);
