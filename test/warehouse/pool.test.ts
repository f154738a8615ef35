// What crosses the edge to PostgreSQL keeps its value and its meaning.
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse.close())

test.each<[expression: string, value: unknown]>([
  ['9007199254740991::bigint', 9_007_199_254_740_991],
  ['9007199254740993::bigint', '9007199254740993'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['1.50::numeric', '1.50'],
  [`date '2026-03-29'`, '2026-03-29'],
  [`timestamp '2026-03-29 02:30:00'`, '2026-03-29 02:30:00'],
  [`timestamptz '2026-03-29 02:30:00.25Z'`, new Date('2026-03-29T02:30:00.250Z')],
])('%s', async (expression, value) => {
  const { rows } = await sql<{ value: unknown }>`select ${sql.raw(expression)} as value`.execute(warehouse.db)
  expect(rows).toEqual([{ value }])
})
