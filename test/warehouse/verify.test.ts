// verify finds any altered cell of any stored table and names it; rebuild makes it right again.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { rebuild } from '../../src/warehouse/proof/rebuild.ts'
import { type Difference, verify } from '../../src/warehouse/proof/verify.ts'
import {
  decideLine,
  type Line,
  openTestWarehouse,
  recordLines,
  type TestWarehouse,
} from '../helpers/warehouse.ts'

const HOUR_MS = 3_600_000
const START = Date.parse('2024-10-20T08:10:00Z')

/** Every counter grows; there are gaps, a dip, a reset, a correction, unknown values, a gauge and an extra. */
function eventful(category: string, snapshots: number, stepMs: number): Line[] {
  return Array.from({ length: snapshots }, (_, i) => {
    const base = (i % 97 < 60 ? i : 3 * i) + 40
    const isDip = i === 30
    const scale = i > 50 ? 0.3 : 1 // a reset at 51
    const stats = COUNTERS.map((name, n) => [
      name,
      isDip ? 0 : Math.floor((base + 7 * i) * scale) * (12 - n) + n,
    ])
    return {
      category,
      observed_at: new Date(START + i * stepMs + (i > 70 ? 50 * HOUR_MS : 0)).toISOString(),
      stats: { ...Object.fromEntries(stats), timespent: 1.5 + (i % 7), kept: i, note: 'as it is' },
    }
  })
}

const TINY = ['a', 'b', 'c', 'd', 'e', 'f']

async function fill(warehouse: TestWarehouse): Promise<void> {
  await warehouse.pool.query(`insert into store.run (id, key, trigger, started_at, status)
    overriding system value values (1, gen_random_uuid(), 'import', now(), 'ok')`)
  const lines = [...eventful('long', 1100, 300_000), ...eventful('short', 90, HOUR_MS)]
  for (const category of TINY) lines.push(...eventful(category, 3, HOUR_MS))
  await recordLines(warehouse, lines, 100)
  await recordLines(warehouse, [
    { category: 'long', observed_at: '2024-10-22T08:11:00.250Z', stats: { sent: 9000 } },
  ])
  await decideLine(warehouse, {
    category: 'short',
    observed_at: new Date(START + 40 * HOUR_MS).toISOString(),
    as: 'baseline',
  })
  // ends low, so that the walk has an open question
  const end = new Date(START + 200 * HOUR_MS).toISOString()
  const stats = Object.fromEntries(COUNTERS.map((name) => [name, 1]))
  await recordLines(warehouse, [
    { category: 'short', observed_at: end, stats: { ...stats, timespent: 4, kept: 2 } },
  ])
}

let warehouse: TestWarehouse
let admin: pg.Client
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await fill(warehouse)
  admin = new pg.Client({ connectionString: warehouse.adminUrl })
  await admin.connect()
  await admin.query(`set session_replication_role = replica; set timezone = 'UTC'`)
})
afterAll(async () => {
  await admin.end()
  await warehouse.close()
})

test('a warehouse that nobody touched is right', async () => {
  const { differences, categories, snapshots } = await verify(warehouse)
  expect(differences).toEqual([])
  expect({ categories, snapshots }).toEqual({ categories: 8, snapshots: 1100 + 1 + 90 + 1 + 6 * 3 })
  const { rows } = await admin.query('select count(*) from store.checkpoint')
  expect(Number(rows[0].count)).toBeGreaterThan(1)
  const open = await admin.query('select 1 from store.walk where open_dips is not null')
  expect(open.rowCount).toBe(1)
})

/** Another value of the same type. */
const OTHER_VALUE: Record<string, (column: string) => string> = {
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  integer: (column) => `${column} + 1`,
  numeric: (column) => `coalesce(${column}, 0) + 0.000000001`,
  boolean: (column) => `not coalesce(${column}, false)`,
  date: (column) => `${column} - 4000`,
  'timestamp with time zone': (column) => `coalesce(${column}, '2024-10-21') + interval '1 microsecond'`,
  jsonb: (column) => `coalesce(${column}, '{}') || '{"kept": 123456}'`,
  'USER-DEFINED': (column) =>
    `case when ${column} = 'growth' then 'reset' else 'growth' end::store.delta_kind`,
  text: (column) =>
    `array_replace(${column}::bigint[], (${column}::bigint[])[3], (${column}::bigint[])[3] + 1)::text`,
}

/** The key of each table's rows in their category. */
const KEYS: Record<string, string> = {
  'store.snapshot': 'observed_at',
  'store.hour': 'hour',
  'store.day': 'day',
  'store.walk': `''::text`,
  'store.checkpoint': 'newest_at',
  'store.calendar': 'day',
}

/** The columns that a difference is told by, where that is another one than the altered. */
const TOLD_BY: Record<string, string> = {
  'store.hour.hour': 'row',
  'store.day.day': 'row',
  'store.checkpoint.newest_at': 'row',
  'store.calendar.day': 'row',
  ...Object.fromEntries(COUNTERS.map((name) => [`store.snapshot.${name}`, `${name}_delta`])),
  'store.snapshot.timespent': 'timespent_delta',
  'store.snapshot.extra': 'extra_delta',
}
/** What nothing is derived of a row's place in, so that the difference names no row. */
const WITHOUT_ROW = ['category_id', 'run_id', 'imported', 'observed_at', 'newest_at']

describe('an altered cell is found and named, and rebuild mends it', () => {
  test.for(Object.keys(KEYS))('in each column of %s', async (table) => {
    const columns = await columnsOf(table)
    const untouched = await allRows(table)
    while (columns.length > 0) {
      const rows = await rowsOf(table)
      const altered = columns.splice(0, rows.length).map((column, i) => ({ ...column, ...rows[i]! }))
      for (const { name, type, ctid } of altered) await alter(table, name, type, ctid)
      const { differences } = await verify(warehouse, { most: 10_000 })
      for (const { name, key } of altered) {
        const column = TOLD_BY[`${table}.${name}`] ?? name
        const isTold = (difference: Difference) =>
          difference.table === table &&
          difference.column === column &&
          (WITHOUT_ROW.includes(name) || (difference.row ?? '') === key)
        expect.soft(differences.some(isTold), `${table}.${name} of ${key}`).toBe(true)
      }
      await restore(
        table,
        untouched,
        altered.map(({ name }) => name).filter((name) => isRaw(table, name)),
      )
      expect((await rebuild(warehouse)).rows).toBeGreaterThan(0)
      expect(await allRows(table)).toEqual(untouched)
    }
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })

  test('and nothing else is told', async () => {
    await admin.query(
      `update store.hour set clicks = clicks + 1 where category_id = 1 and hour = '2024-10-23 10:00Z'`,
    )
    const { differences } = await verify(warehouse)
    const { rows } = await admin.query(
      `select clicks::int from store.hour where category_id = 1 and hour = '2024-10-23 10:00Z'`,
    )
    const stored = rows[0].clicks
    const of = { account: 'default', category: 'long' }
    expect(differences).toEqual([
      {
        table: 'store.hour',
        ...of,
        row: '2024-10-23 10:00:00+00',
        column: 'clicks',
        stored: `${stored}`,
        expected: `${stored - 1}`,
      },
      {
        table: 'sms.trends_hourly',
        ...of,
        row: null,
        column: 'sum(clicks)',
        stored: expect.any(String),
        expected: expect.any(String),
      },
    ])
    expect(await rebuild(warehouse)).toMatchObject({ rows: 1 })
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })
})

test.for(['store.hour', 'store.day', 'store.walk', 'store.checkpoint', 'store.calendar'])(
  'rows that are missing from %s, or too many, are found and mended',
  async (table) => {
    const untouched = await allRows(table)
    await admin.query(
      `delete from ${table} where ctid in (select ctid from ${table} order by ${KEYS[table]} desc limit 2)`,
    )
    expect((await verify(warehouse)).differenceCount).toBeGreaterThan(0)
    await rebuild(warehouse)
    expect(await allRows(table)).toEqual(untouched)
  },
)

test('all derived tables emptied at once are made anew', async () => {
  const tables = Object.keys(KEYS).filter((table) => table !== 'store.snapshot')
  const untouched = await allRowsOf(tables)
  await admin.query(`truncate ${tables.join(', ')}`)
  await admin.query(
    `update store.snapshot set kind = null, decided = null, previous_at = null, sent_delta = null`,
  )
  await rebuild(warehouse)
  const { differences } = await verify(warehouse)
  expect(differences).toEqual([])
  const anew = await allRowsOf(tables)
  for (const [i, table] of tables.entries())
    if (table !== 'store.checkpoint' && table !== 'store.walk') expect(anew[i], table).toEqual(untouched[i])
})

test('a view that lost its way is found by its sums', async () => {
  for (const [view, kept] of [
    ['sms.trends_weekly', 'clicks <> 0'],
    ['sms.totals_monthly', 'false'],
  ]) {
    const { rows } = await admin.query(`select pg_get_viewdef($1) as definition`, [view])
    const { definition } = rows[0]
    await admin.query(
      `create or replace view ${view} as select * from (${definition.replace(/;$/, '')}) lost where ${kept}`,
    )
    const { differences } = await verify(warehouse)
    expect(differences[0]).toMatchObject({ table: view, column: expect.stringContaining('sum(') })
    await admin.query(`create or replace view ${view} as ${definition}`)
  }
  expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
})

describe('rebuild --timezone', () => {
  test('gives what a warehouse holds that had the zone from the start', async () => {
    const zone = 'Australia/Lord_Howe'
    const other = await openTestWarehouse(zone)
    try {
      await fill(other)
      expect(await rebuild(warehouse, { timezone: zone })).toMatchObject({
        timezone: zone,
        previousTimezone: 'Europe/Paris',
      })
      expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
      for (const view of [
        'sms.trends_hourly',
        'sms.trends_daily',
        'sms.trends_weekly',
        'sms.trends_monthly',
        'sms.deltas',
      ]) {
        const read = async ({ pool }: TestWarehouse) =>
          (await pool.query(`select v::text as row from ${view} v order by 1`)).rows
        expect(await read(warehouse), view).toEqual(await read(other))
      }
    } finally {
      await other.close()
    }
  })

  test('refuses a zone that PostgreSQL does not know, and changes nothing', async () => {
    await expect(rebuild(warehouse, { timezone: 'Mars/Olympus' })).rejects.toThrow(/Mars\/Olympus/)
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })

  test('a reader sees the old trends until the new ones are whole', async () => {
    const read = async () =>
      (
        await warehouse.pool.query(
          `select day::text, sent from sms.trends_daily where category = 'short' order by 1`,
        )
      ).rows
    const before = await read()
    const seen: unknown[][] = []
    await rebuild(warehouse, {
      timezone: 'America/New_York',
      onCategory: () => void read().then((rows) => seen.push(rows)),
    })
    await vi.waitFor(() => expect(seen.length).toBe(8))
    for (const rows of seen) expect([before, await read()]).toContainEqual(rows)
    expect(await read()).not.toEqual(before)
  })
})

async function columnsOf(table: string): Promise<{ name: string; type: string }[]> {
  const { rows } = await admin.query(
    `select column_name as name, data_type as type from information_schema.columns
    where table_schema || '.' || table_name = $1 order by ordinal_position`,
    [table],
  )
  return rows
}

/** Rows of the table, far enough from each other that one does not hide what is wrong with the next. */
async function rowsOf(table: string): Promise<{ ctid: string; key: string }[]> {
  const key = KEYS[table]!
  const ofLong = ['store.walk', 'store.calendar'].includes(table) ? '' : 'where category_id = 1'
  const { rows } = await admin.query(
    `select ctid::text, ${key}::text as key from ${table} ${ofLong} order by ${key} desc`,
  )
  return rows.length < 100 ? rows : rows.filter((_, i) => i % 12 === 2)
}

const isRaw = (table: string, column: string) =>
  table === 'store.snapshot' && !/^(kind|decided|previous_at|.*_delta)$/.test(column)

const alter = (table: string, name: string, type: string, ctid: string) =>
  admin.query(
    `update ${table} set ${name} = ${name === 'category_id' ? '4711' : name === 'run_id' ? '815' : OTHER_VALUE[type]!(name)}
    where ctid = $1`,
    [ctid],
  )

async function allRows(table: string): Promise<string[]> {
  const { rows } = await admin.query<{ row: string }>(`select t::text as row from ${table} t order by 1`)
  return rows.map(({ row }) => row)
}

async function allRowsOf(tables: readonly string[]): Promise<string[][]> {
  const found: string[][] = []
  for (const table of tables) found.push(await allRows(table))
  return found
}

/** Puts back what the provider said; everything derived is left as it is found. */
async function restore(table: string, rows: string[], columns: string[]): Promise<void> {
  if (columns.length === 0) return
  await admin.query(`begin`)
  await admin.query(`delete from ${table}`)
  await admin.query(`insert into ${table} select (r::${table}).* from unnest($1::text[]) r`, [rows])
  await admin.query(`update ${table} set sent_delta = 7 where kind is null`)
  await admin.query('commit')
}
