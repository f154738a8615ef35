// docs/store.sql: the schema as it stands after all migrations, tables read from the database's own catalogs, so that
// a review of a change shows the final shape. Not to be run: migrations are.
import type { Warehouse } from '../src/warehouse/pool.ts'
import { guardsSql } from '../src/warehouse/schema/guards.ts'
import { viewsSql } from '../src/warehouse/schema/views.ts'

export const STORE_DUMP = new URL('../docs/store.sql', import.meta.url)

const HEAD = `-- The schema as it stands after all migrations. Made by npm run docs; not to be run.
`

const VIEWS = `-- What is made again whenever it changed (src/warehouse/schema): views, their functions, the guard of snapshots.
`

/** docs/store.sql as it should be for a migrated database. */
export async function storeDump({ pool }: Warehouse): Promise<string> {
  const { rows } = await pool.query<{ statement: string }>(`
    with object as (
      select c.oid, c.relname, c.relkind from pg_class c
      where c.relnamespace = 'store'::regnamespace and c.relkind = 'r'
    ), part as (
      select 1 as kind, t.typname as name, 0 as position,
        format('create type store.%I as enum (%s);', t.typname,
          (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid)
        ) as statement
      from pg_type t where t.typnamespace = 'store'::regnamespace and t.typtype = 'e'
      union all
      select 2, o.relname, 0, format(E'create table store.%I (\\n  %s\\n)%s;', o.relname,
          concat_ws(E',\\n  ',
            (
              select string_agg(
                concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                  case a.attidentity when 'a' then 'generated always as identity' end,
                  case when a.attnotnull then 'not null' end,
                  'default ' || pg_get_expr(d.adbin, d.adrelid)),
                E',\\n  ' order by a.attnum)
              from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
              where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
            ),
            (
              select string_agg(pg_get_constraintdef(oid), E',\\n  ' order by contype desc, conname)
              from pg_constraint where conrelid = o.oid and contype <> 'n'
            )
          ),
          (select ' with (' || array_to_string(reloptions, ', ') || ')' from pg_class where oid = o.oid)
        )
      from object o
      union all
      select 2, tablename, 1, indexdef || ';' from pg_indexes
      where schemaname = 'store' and not exists (
        select from pg_constraint where conindid = format('store.%I', indexname)::regclass
      )
      union all
      select 2, o.relname, 2, pg_get_triggerdef(t.oid) || ';'
      from pg_trigger t join object o on o.oid = t.tgrelid where not t.tgisinternal
      union all
      select 3, p.proname, 0, pg_get_functiondef(p.oid) || ';'
      from pg_proc p where p.pronamespace = 'store'::regnamespace and p.prosqlbody is null
    )
    select statement from part order by kind, name collate "C", position, statement collate "C"`)
  const tables = rows.map(({ statement }) => statement.trim()).join('\n\n')
  return `${HEAD}\n${tables}\n\n${VIEWS}\n${viewsSql()}\n\n${guardsSql()}\n`
}
