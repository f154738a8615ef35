// sms.freshness: what is stale, and why.
import { expect, test } from 'vitest'
import { setExpectedEvery } from '../../src/warehouse/calendar.ts'
import { addCategories, setCategoryState } from '../../src/warehouse/registry.ts'
import { recordLines, withWarehouse } from '../helpers/warehouse.ts'

const MINUTE_MS = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString()

test('a category is stale once twice the schedule and a minute have passed, unless it is paused', async () => {
  await withWarehouse(async (warehouse) => {
    await setExpectedEvery(warehouse.db, 5 * MINUTE_MS)
    await recordLines(warehouse, [
      { category: 'fresh', observed_at: ago(10), stats: { sent: 1 } },
      { category: 'stale', observed_at: ago(12), stats: { sent: 1 } },
      { category: 'paused', observed_at: ago(600), stats: { sent: 1 } },
    ])
    const ids = await addCategories(warehouse.db, 'default', ['paused', 'never answered'])
    await setCategoryState(warehouse.db, ids.get('paused')!, 'paused')
    await warehouse.pool.query(`update store.category set added_at = now() - interval '1 hour'`)
    const { rows } = await warehouse.pool.query('select category, stale from sms.freshness order by category')
    expect(rows).toEqual([
      { category: 'fresh', stale: false },
      { category: 'never answered', stale: true },
      { category: 'paused', stale: false },
      { category: 'stale', stale: true },
    ])
  })
})

test('a refused account stands for all of its categories, any other failure for its own', async () => {
  await withWarehouse(async (warehouse) => {
    const ids = await addCategories(warehouse.db, 'default', ['a', 'b'])
    await addCategories(warehouse.db, 'other', ['c'])
    await warehouse.pool.query(
      `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'manual', now(), 'failed')`,
    )
    const fail = (category: string, minutes: number, errorClass: string) =>
      warehouse.pool.query(
        `insert into store.failure (run_id, category_id, at, class, attempts, message)
        values ((select max(id) from store.run), $1, $2, $3, 1, 'told')`,
        [ids.get(category), ago(minutes), errorClass],
      )
    await fail('a', 10, 'authentication')
    await fail('b', 20, 'server')
    await fail('a', 5, 'category')
    const { rows } = await warehouse.pool.query(
      'select category, last_failure from sms.freshness order by category',
    )
    expect(rows).toEqual([
      { category: 'a', last_failure: 'category: told' },
      { category: 'b', last_failure: 'authentication: told' },
      { category: 'c', last_failure: null },
    ])
  })
})
