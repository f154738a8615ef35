// Retention: snapshots go, trends stay, and what can still change is derived from the edge.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIP_REACH_MS } from '../../src/counters/dip.ts'
import { rebuild } from '../../src/warehouse/proof/rebuild.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { prune } from '../../src/warehouse/series/prune.ts'
import {
  decideLine,
  importText,
  openTestWarehouse,
  readDeltas,
  readTrends,
  recordLines,
  type TestWarehouse,
  withWarehouse,
} from '../helpers/warehouse.ts'

const HOUR_MS = 3_600_000
const START = Date.parse('2026-01-01T00:30:00Z')
const GRAINS = ['hourly', 'daily', 'weekly', 'monthly'] as const
const line = (hour: number, sent: number) => ({
  category: 'c',
  observed_at: new Date(START + hour * HOUR_MS).toISOString(),
  stats: { sent, clicks: Math.floor(sent / 7) },
})
const at = (hour: number) => START + hour * HOUR_MS

describe('retention', () => {
  let warehouse: TestWarehouse

  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    await warehouse.pool.query(
      `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'import', now(), 'ok')`,
    )
    // A correction, a reset and a dip lie before the edge, which is the 512th snapshot: hour 511.
    const sent = (hour: number) =>
      hour === 100 ? 2_900 : hour === 200 ? 0 : hour < 300 ? 30 * hour : 7 * (hour - 300)
    await recordLines(
      warehouse,
      Array.from({ length: 1_100 }, (_, hour) => line(hour, sent(hour))),
      1_100,
    )
  })
  afterAll(() => warehouse.close())

  const trends = async () =>
    Object.fromEntries(
      await Promise.all(GRAINS.map(async (grain) => [grain, await readTrends(warehouse, grain)])),
    )
  const snapshots = async () =>
    (await warehouse.pool.query('select observed_at from sms.snapshots order by 1')).rows

  test('removes snapshots before the edge and changes no cell of any trend', async () => {
    const before = await trends()
    const pruned = await prune(warehouse, at(511) + 8 * 24 * HOUR_MS)
    expect(pruned).toEqual({ categories: 1, snapshots: 511 })
    expect(await trends()).toEqual(before)
    const left = await snapshots()
    expect(left).toHaveLength(1_100 - 511)
    expect(left[0].observed_at.getTime()).toBe(at(511))
    expect(
      (await warehouse.pool.query('select account, category, snapshots, kept_from from sync.prunes')).rows,
    ).toEqual([{ account: 'default', category: 'c', snapshots: 511, kept_from: new Date(at(511)) }])
  })

  test('has nothing to remove a second time', async () => {
    expect(await prune(warehouse, at(511) + 8 * 24 * HOUR_MS)).toEqual({ categories: 0, snapshots: 0 })
  })

  test('leaves a warehouse that verifies, and says what is final', async () => {
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0, pruned: 1, snapshots: 1_100 - 512 })
  })

  test('verify still finds an altered cell, also in a trend from before the edge', async () => {
    await warehouse.pool.query(
      'update store.hour set sent = sent + 1 where hour = (select min(hour) from store.hour)',
    )
    expect((await verify(warehouse)).differences.map(({ table }) => table)).toContain('sms.trends_daily')
    await warehouse.pool.query(
      'update store.hour set sent = sent - 1 where hour = (select min(hour) from store.hour)',
    )
  })

  test('takes no snapshot and no decision up to seven days after the edge', async () => {
    const late = { ...line(511, 5), observed_at: new Date(at(520) + 60_000).toISOString() }
    const [recorded] = await recordLines(warehouse, [late])
    expect(recorded).toMatchObject({ stored: 0 })
    expect(recorded?.final).toHaveLength(1)
    await expect(decideLine(warehouse, { ...line(600, 0), as: 'reset' })).rejects.toThrow(/final up to/)
  })

  test('sync.prunes names the instant up to which that holds, to the millisecond', async () => {
    const { rows } = await warehouse.pool.query('select final_until from sync.prunes')
    expect(rows).toEqual([{ final_until: new Date(at(511) + DIP_REACH_MS) }])
    const last = rows[0].final_until.getTime() // a snapshot is stored there
    const lineAt = (instant: number) => ({ ...line(0, 2_700), observed_at: new Date(instant).toISOString() })
    const [refused] = await recordLines(warehouse, [lineAt(last - 1)])
    expect(refused).toMatchObject({ stored: 0, final: [{}] })
    await expect(decideLine(warehouse, { ...lineAt(last), as: 'dip' })).rejects.toThrow(/final up to/)
    const [taken] = await recordLines(warehouse, [lineAt(last + 1)])
    expect(taken).toMatchObject({ stored: 1, final: [] })
  })

  const decision = { as: 'dip', by: 'a test', at: '2026-03-01T00:00:00Z', why: 'a test' }
  test.each<[string, (finalUntil: number) => number, object]>([
    ['a snapshot a millisecond before that instant', (until) => until - 1, { stats: { sent: 2_700 } }],
    ['a decision at that instant', (until) => until, { decision }],
    ['a decision well before it', () => at(600), { decision }],
    ['a decision about a snapshot that is gone', () => at(100), { decision }],
  ])('an import of %s is refused, and trends stay as they are', async (_, instant, what) => {
    const { rows } = await warehouse.pool.query('select final_until from sync.prunes')
    const observedAt = new Date(instant(rows[0].final_until.getTime())).toISOString()
    const before = await trends()
    const line = JSON.stringify({ category: 'c', observed_at: observedAt, ...what })
    expect(await importText(warehouse, line)).toMatchObject({
      stored: 0,
      decisions: 0,
      problems: [{ line: 1, reason: expect.stringContaining('final') }],
    })
    expect(await trends()).toEqual(before)
  })

  test('an import takes decisions a millisecond later, once', async () => {
    const { rows } = await warehouse.pool.query('select final_until from sync.prunes')
    const observed_at = new Date(rows[0].final_until.getTime() + 1).toISOString()
    const at = '2026-02-01T00:00:00Z'
    const text = [
      JSON.stringify({ category: 'c', observed_at, decision: { ...decision, at } }),
      JSON.stringify({ category: 'c', observed_at, decision: { ...decision, as: 'auto' } }),
    ].join('\n')
    expect(await importText(warehouse, text)).toMatchObject({ decisions: 2, problems: [] })
    expect(await importText(warehouse, text)).toMatchObject({ decisions: 0, problems: [] })
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })

  test('derives what comes later from the edge', async () => {
    const [late] = await recordLines(warehouse, [
      { ...line(0, 2_790), observed_at: new Date(at(700) + 60_000).toISOString() },
    ])
    expect(late).toMatchObject({ stored: 1, late: 1 })
    await decideLine(warehouse, { ...line(701, 0), as: 'reset' })
    expect((await readDeltas(warehouse)).filter(({ kind }) => kind === 'reset')).toHaveLength(1)
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })

  test('rebuild starts from the edge, and refuses another zone', async () => {
    const before = await trends()
    await warehouse.pool.query('update store.day set sent = 0')
    await rebuild(warehouse)
    const after = await trends()
    // Days before the edge are final: nothing is left to make them right from.
    const from = new Date(at(511)).toISOString()
    expect(after.hourly).toEqual(before.hourly)
    expect(after.daily?.filter(({ day }: Record<string, unknown>) => String(day) >= from)).toEqual(
      before.daily?.filter(({ day }: Record<string, unknown>) => String(day) >= from),
    )
    await expect(rebuild(warehouse, { timezone: 'Asia/Tokyo' })).rejects.toThrow(/were pruned/)
  })

  test('stored snapshots go through no other door', async () => {
    await expect(warehouse.pool.query('delete from store.snapshot')).rejects.toThrow(/cannot be changed/)
  })

  test('what goes through it by hand is logged, too, and leaves the edge where it is', async () => {
    await warehouse.pool.query(`begin; set local primosync.pruning = on;
      delete from store.snapshot where observed_at = (select max(observed_at) from store.snapshot); commit`)
    const { rows } = await warehouse.pool.query(
      'select snapshots, kept_from from sync.prunes order by 1 desc',
    )
    expect(rows).toEqual([
      { snapshots: 511, kept_from: new Date(at(511)) },
      { snapshots: 1, kept_from: null },
    ])
    expect(await verify(warehouse)).toMatchObject({ pruned: 1, snapshots: 1_100 - 512 + 1 })
  })
})

test('a fall that is still open at the edge does not take the trends before it along', async () => {
  await withWarehouse(async (warehouse) => {
    await warehouse.pool.query(
      `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'import', now(), 'ok')`,
    )
    // The 512th snapshot makes a checkpoint; it is also the first that may belong to a dip.
    const history = Array.from({ length: 512 }, (_, hour) => line(hour, hour === 511 ? 1 : 30 * hour))
    await recordLines(warehouse, history, history.length)
    expect(await prune(warehouse, at(511) + 8 * 24 * HOUR_MS)).toEqual({ categories: 1, snapshots: 511 })
    const before = (await readTrends(warehouse, 'hourly')).slice(0, 500)
    expect(await importText(warehouse, JSON.stringify(line(1_200, 40)))).toMatchObject({ stored: 1 })
    expect((await readTrends(warehouse, 'hourly')).slice(0, 500)).toEqual(before)
    expect(await verify(warehouse)).toMatchObject({ differenceCount: 0 })
  })
})
