// A counter more is a line in counters/names.ts and its columns in a migration: this file adds one to a copy of both.
import { describe, expect, test, vi } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { fromLine, toLine } from '../../src/spool/records.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { applyRepeatable } from '../../src/warehouse/schema/repeatable.ts'
import { recordLines, type TestWarehouse, withWarehouse } from '../helpers/warehouse.ts'

vi.mock('../../src/counters/names.ts', async (original) => {
  const names = await original<typeof import('../../src/counters/names.ts')>()
  const read = { name: 'read', label: 'Read', unit: 'messages', description: 'Messages that were read.' }
  const definitions = [...names.COUNTER_DEFINITIONS, read]
  return { ...names, COUNTER_DEFINITIONS: definitions, COUNTERS: definitions.map(({ name }) => name) }
})

const MIGRATION = `
  alter table store.snapshot add column read bigint, add column read_delta bigint;
  alter table store.hour add column read bigint;
  alter table store.day add column read bigint`

const START = Date.parse('2026-03-01T12:00:00Z')
const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString()
const line = (minutes: number, stats: Record<string, number>) => ({
  category: 'a',
  observed_at: at(minutes),
  stats,
})

/** Adds the columns, and the run that the snapshots of these tests belong to. */
async function addCounter({ db, pool }: TestWarehouse): Promise<void> {
  await pool.query(MIGRATION)
  expect(await applyRepeatable(db)).toBe(true)
  await pool.query(`insert into store.run (id, key, trigger, started_at, status)
    overriding system value values (1, gen_random_uuid(), 'import', now(), 'ok')`)
}

test('a 13th counter is in every view, in the dictionary, in the trends and under the guard', async () => {
  expect(COUNTERS).toHaveLength(13)
  await withWarehouse(async (warehouse) => {
    const { pool } = warehouse
    await addCounter(warehouse)

    const { rows: views } = await pool.query(
      `select table_name as view, bool_or(column_name = 'read') as has_it from information_schema.columns
      where table_schema = 'sms' group by table_name having bool_or(column_name = 'complaint')`,
    )
    expect(views.length).toBe(12)
    expect(views.filter(({ has_it }) => !has_it)).toEqual([])
    const { rows: uncommented } = await pool.query(
      `select attrelid::regclass from pg_attribute
      where attname = 'read' and attrelid::regclass::text like 'sms.%' and col_description(attrelid, attnum) is null`,
    )
    expect(uncommented).toEqual([])
    expect((await pool.query(`select kind, position from sms.metrics where metric = 'read'`)).rows).toEqual([
      { kind: 'counter', position: 13 },
    ])

    await recordLines(warehouse, [
      line(0, { sent: 10, read: 4 }),
      line(30, { sent: 20, read: 9 }),
      line(90, { sent: 30, read: 11 }),
    ])
    expect((await pool.query('select read from sms.trends_daily')).rows).toEqual([{ read: 7 }])
    expect(
      (await pool.query(`select value from sms.trends_monthly_long where metric = 'read'`)).rows,
    ).toEqual([{ value: '7' }])
    expect((await pool.query('select read from sms.deltas order by observed_at')).rows).toEqual([
      { read: 5 },
      { read: 2 },
    ])
    expect((await verify(warehouse)).differences).toEqual([])

    await expect(pool.query('update store.snapshot set read = 5')).rejects.toThrow('cannot be changed')
    await pool.query('update store.snapshot set read_delta = read_delta') // derived, so it may
  })
})

describe('state that was stored before the counter existed', () => {
  /** A checkpoint, more than the reach of a dip after it, and at the end a fall that may become a dip. */
  const history = Array.from({ length: 900 }, (_, n) => line(30 * n, { sent: n === 899 ? 1 : 1_000 + n }))
  const END = 30 * 899
  const SHORTER = {
    last: `regexp_replace(last, ',NULL}$', '}')`,
    hour_growth: `regexp_replace(hour_growth, ',NULL}$', '}')`,
    day_growth: `regexp_replace(day_growth, ',NULL}$', '}')`,
    open_dips: `(select jsonb_agg(dip || jsonb_build_object('base', (dip->'base') - -1))
      from jsonb_array_elements(open_dips) dip)`,
  }

  test.each<[string, string[], (typeof history)[number]]>([
    ['the walk goes on', ['store.walk'], line(END + 2_000, { sent: 2, read: 7 })],
    ['a fall turns out to be a dip', ['store.walk'], line(END + 5, { sent: 1_950, read: 7 })],
    ['a late snapshot is derived from a checkpoint', ['store.checkpoint'], line(END - 307, { sent: 1_888 })],
    ['both', ['store.walk', 'store.checkpoint'], line(END - 307, { sent: 1_888, read: 3 })],
  ])('%s', async (_, tables, next) => {
    await withWarehouse(async (warehouse) => {
      const { pool } = warehouse
      await addCounter(warehouse)
      await recordLines(warehouse, history, history.length)
      for (const table of tables) {
        const set = Object.entries(SHORTER).map(([column, value]) => `${column} = ${value}`)
        const { rowCount } = await pool.query(`update ${table} set ${set.join(', ')}`)
        expect(rowCount).toBe(1)
      }
      expect((await verify(warehouse)).differences).toEqual([])
      await recordLines(warehouse, [next])
      expect((await verify(warehouse)).differences).toEqual([])
    })
  })

  test('has no value for it until one comes', async () => {
    await withWarehouse(async (warehouse) => {
      const { pool } = warehouse
      await addCounter(warehouse)
      await recordLines(warehouse, [line(0, { sent: 10 }), line(30, { sent: 20 })])
      const { last, hour_growth, day_growth } = SHORTER
      await pool.query(
        `update store.walk set last = ${last}, hour_growth = ${hour_growth}, day_growth = ${day_growth}`,
      )
      await recordLines(warehouse, [line(60, { sent: 30, read: 7 }), line(90, { sent: 40, read: 9 })])
      expect((await pool.query('select sent, read from sms.deltas order by observed_at')).rows).toEqual([
        { sent: 10, read: null },
        { sent: 10, read: null },
        { sent: 10, read: 2 },
      ])
      expect((await verify(warehouse)).differences).toEqual([])
    })
  })
})

test('an answer that waited in the spool since before the counter existed has no value for it', () => {
  const answer = { kind: 'answer', account: 'a', category: 'b', at: 0, timespent: null, extra: null } as const
  const read = fromLine(toLine({ ...answer, counters: Array(12).fill(1) }).trimEnd())
  expect(read).toEqual({ ...answer, counters: [...Array(12).fill(1), null] })
})
