-- primosync demo remove: demo data among real ones can be taken out.

-- What was removed of a category that is gone itself is logged by its name.
alter table store.prune
  alter column category_id drop not null,
  add column account text,
  add column category text,
  add check (category_id is not null or (account is not null and category is not null));

-- Decisions are append-only. Those about demo data go with them, through the door of pruning.
create or replace function store.refuse_rewriting() returns trigger language plpgsql as $$
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
end $$;

drop trigger keep_decisions on store.decision;

create trigger keep_decisions before update or truncate on store.decision
execute function store.refuse_rewriting();

create trigger keep_each_decision before delete on store.decision for each row
execute function store.refuse_rewriting();
