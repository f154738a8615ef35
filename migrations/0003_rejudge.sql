-- primosync rejudge: when an answer that had been rejected was stored after all.
alter table store.rejected add column stored_at timestamptz;

create index rejected_waiting on store.rejected (category_id, at) where stored_at is null;
