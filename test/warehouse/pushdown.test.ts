// Filters on category and time go down to an index in every view: nobody reads all history for one category.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addCategories } from '../../src/warehouse/registry.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

const CATEGORIES = 200
const HISTORIES = ['snapshot', 'hour', 'day']
const VIEWS = [
  { view: 'sms.snapshots', time: 'observed_at' },
  { view: 'sms.deltas', time: 'observed_at' },
  { view: 'sms.latest', time: 'observed_at' },
  ...['', '_long'].flatMap((shape) => [
    { view: `sms.trends_hourly${shape}`, time: 'hour' },
    { view: `sms.trends_daily${shape}`, time: 'day' },
    { view: `sms.trends_weekly${shape}`, time: 'week' },
    { view: `sms.trends_monthly${shape}`, time: 'month' },
  ]),
  { view: 'sms.rates_daily', time: 'day' },
  { view: 'sms.sendings', time: 'first_day' },
  { view: 'sms.expected_daily', time: 'day' },
  { view: 'sms.anomalies', time: 'day' },
]
/** Of views whose rows also stand for whole accounts, and of all categories on one day. */
const OTHERS = [
  `sms.comparisons where category = 'c7'`,
  `sms.comparisons where account = 'default' and category in ('c7', 'c8')`,
  `sms.comparisons where category is null and period = 'this_week'`,
  `sms.anomalies where day = '2025-02-01'`,
]

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await fill(warehouse)
})
afterAll(() => warehouse.close())

describe.for(VIEWS)('$view', ({ view, time }) => {
  test.for([
    ['one category of an account', `account = 'default' and category = 'c7'`],
    ['a category', `category = 'c7'`],
    ['some categories', `account = 'default' and category in ('c7', 'c8')`],
    ['one category and a time', `category = 'c7' and ${time} >= '2025-02-01' and ${time} < '2025-02-08'`],
  ] as const)('%s', async ([, filter]) => {
    expect(await scanned(`select * from ${view} where ${filter}`)).toEqual([])
  })
})

test.for(OTHERS)('%s', async (query) => {
  expect(await scanned(`select * from ${query}`)).toEqual([])
})

test('without a filter a view reads its whole table', async () => {
  expect(await scanned('select * from sms.trends_hourly')).toEqual(['hour'])
})

/** The tables of history that the plan of a query reads from end to end. */
async function scanned(query: string): Promise<string[]> {
  const { rows } = await warehouse.pool.query(`explain (format json) ${query}`)
  const found: string[] = []
  const visit = (node: PlanNode): void => {
    if (node['Node Type'] === 'Seq Scan' && HISTORIES.includes(node['Relation Name']!))
      found.push(node['Relation Name']!)
    node.Plans?.forEach(visit)
  }
  visit(rows[0]['QUERY PLAN'][0].Plan)
  return found
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

/** Rows enough that the planner has a choice; what they say is no matter. */
async function fill({ db, pool }: TestWarehouse): Promise<void> {
  const names = Array.from({ length: CATEGORIES }, (_, n) => `c${n}`)
  await addCategories(db, 'default', names)
  await pool.query(`call store.extend_calendar('2025-01-01', '2025-06-30')`)
  await pool.query(
    `insert into store.snapshot (observed_at, category_id, run_id, sent, imported, decided, kind, previous_at, sent_delta)
    select at, c.id, 1, 1, false, false, 'growth', at - interval '6 hours', 1
    from store.category c, generate_series('2025-01-02'::timestamptz, '2025-06-30', '6 hours') at order by at`,
  )
  await pool.query(
    `insert into store.hour (hour, day, category_id, sent, snapshots)
    select hour, (hour at time zone 'Europe/Paris')::date, c.id, 1, 1
    from store.category c, generate_series('2025-01-02'::timestamptz, '2025-06-30', '6 hours') hour order by hour`,
  )
  await pool.query(
    `insert into store.day (day, category_id, sent, snapshots)
    select day, c.id, 1, 1 from store.category c, store.calendar where day between '2025-01-02' and '2025-06-29' order by day`,
  )
  await pool.query(
    `update store.walk set first_at = '2025-01-02', newest_at = '2025-06-30',
      hour = '2025-06-30', hour_growth = '{}', hour_snapshots = 1, day = '2025-06-30', day_growth = '{}', day_snapshots = 1`,
  )
  await pool.query(
    'analyze store.snapshot, store.hour, store.day, store.walk, store.category, store.calendar',
  )
}
