// The schema: its final shape as committed, and the part of it that is made again whenever it changed.
import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { STORE_DUMP, storeDump } from '../../scripts/store-dump.ts'
import { migrate, migrationStatus } from '../../src/warehouse/migrate.ts'
import { repeatableSql } from '../../src/warehouse/schema/repeatable.ts'
import { uniqueName } from '../helpers/database.ts'
import { asAdmin } from '../helpers/test-server.ts'
import { openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeEach(async () => {
  warehouse = await openTestWarehouse()
})
afterEach(() => warehouse.close())

test('docs/store.sql shows the final shape (npm run docs)', async () => {
  expect(await readFile(STORE_DUMP, 'utf8')).toBe(await storeDump(warehouse))
})

test('the script of views can be run again and again', async () => {
  await warehouse.pool.query(repeatableSql())
  await warehouse.pool.query(repeatableSql())
})

test('no view has an interval', async () => {
  const { rows } = await warehouse.pool.query(
    `select table_schema, table_name, column_name from information_schema.columns
    where table_schema in ('sms', 'sync') and data_type = 'interval'`,
  )
  expect(rows).toEqual([])
})

describe('views of another version', () => {
  /** As if a program with another script had made the views. */
  const outdate = (version: string) =>
    warehouse.pool.query(`update store.repeatable set checksum = 'another', version = $1`, [version])

  test('are replaced where only their text changed, and the run is reported once', async () => {
    await warehouse.pool.query(`comment on view sms.latest is 'another text'`)
    await outdate('0.0.1')
    expect((await migrationStatus(warehouse.db)).at(-1)).toEqual({ name: 'views', executedAt: null })
    expect(await Promise.all([migrate(warehouse.db), migrate(warehouse.db)])).toContainEqual(['views'])
    expect(await migrate(warehouse.db)).toEqual([])
    const { rows } = await warehouse.pool.query(`select obj_description('sms.latest'::regclass) as comment`)
    expect(rows[0].comment).toBe('The newest snapshot of each category.')
  })

  test('are made anew where their shape changed, and what others may do with them stays', async () => {
    const role = uniqueName()
    await warehouse.pool.query(
      `create role ${role}; drop view sms.latest;
      create view sms.latest as select 'another shape' as account, 1 as age;
      grant select on sms.latest, sms.trends_daily to ${role}`,
    )
    await outdate('0.0.1')
    await migrate(warehouse.db)
    const { rows } = await warehouse.pool.query(
      `select has_table_privilege($1, 'sms.latest', 'select') as latest,
        has_table_privilege($1, 'sms.trends_daily', 'select') as trends,
        has_table_privilege($1, 'sms.accounts', 'select') as accounts`,
      [role],
    )
    expect(rows).toEqual([{ latest: true, trends: true, accounts: false }])
    await recordLines(warehouse, [{ category: 'a', observed_at: '2026-03-01T12:00:00Z', stats: { sent: 7 } }])
    expect((await warehouse.pool.query('select sent from sms.latest')).rows).toEqual([{ sent: 7 }])
    await asAdmin(warehouse.adminUrl, (admin) => admin.query(`drop owned by ${role}; drop role ${role}`))
  })

  test('are kept, with the reason, where a view of somebody else depends on another shape', async () => {
    await warehouse.pool.query(
      `drop view sms.latest; create view sms.latest as select 1 as age;
      create view public.mine as select age from sms.latest`,
    )
    await outdate('0.0.1')
    await expect(migrate(warehouse.db)).rejects.toMatchObject({
      message: expect.stringContaining('mine depends on view sms.latest'),
      hint: 'Drop these objects, run npm run -s primosync -- migrate, and create them again.',
    })
    expect((await warehouse.pool.query('select * from public.mine')).rows).toEqual([{ age: 1 }])
  })

  test('are left alone where a newer program made them', async () => {
    await outdate('10.0.0')
    await expect(migrate(warehouse.db)).rejects.toThrow('newer schema (views)')
    const { rows } = await warehouse.pool.query('select checksum, version from store.repeatable')
    expect(rows).toEqual([{ checksum: 'another', version: '10.0.0' }])
  })
})
