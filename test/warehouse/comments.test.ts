// Everything that analysts see says what it means, in the database and on the page made of it.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SQL_PAGE, sqlPage } from '../../scripts/sql-page.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse.close())

test('every schema, view and column has a comment', async () => {
  const { rows } = await warehouse.pool.query<{ name: string; comment: string | null }>(`
    select n.nspname as name, obj_description(n.oid, 'pg_namespace') as comment
    from pg_namespace n where n.nspname in ('sms', 'sync')
    union all
    select format('%s.%s', n.nspname, c.relname), obj_description(c.oid, 'pg_class')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('sms', 'sync') and c.relkind in ('r', 'v', 'm')
    union all
    select format('%s.%s.%s', n.nspname, c.relname, a.attname), col_description(c.oid, a.attnum)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname in ('sms', 'sync') and c.relkind in ('r', 'v', 'm')`)
  expect(rows.length).toBeGreaterThan(200)
  expect(rows.filter(({ comment }) => !comment).map(({ name }) => name)).toEqual([])
})

test('what a metric means comes from the dictionary, with its unit', async () => {
  const { rows } = await warehouse.pool.query<{ comment: string; description: string; unit: string }>(`
    select col_description('sms.trends_daily'::regclass, a.attnum) as comment, m.description, m.unit
    from sms.metrics m
    join pg_attribute a on a.attrelid = 'sms.trends_daily'::regclass and a.attname = m.metric`)
  expect(rows.length).toBe(22)
  for (const { comment, description, unit } of rows) {
    expect(comment).toContain(description)
    expect(comment).toContain(`Unit: ${unit}.`)
  }
})

test('docs/sql.md says what the database says (npm run docs)', async () => {
  expect(await readFile(SQL_PAGE, 'utf8')).toBe(await sqlPage(warehouse))
})
