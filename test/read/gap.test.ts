// From when on a gap is wide: the rule, and that terminal, page and API agree on it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wideGapSeconds } from '../../src/read/gap.ts'
import type { Trend } from '../../src/read/trends.ts'
import { setExpectedEvery } from '../../src/warehouse/calendar.ts'
import { runCli } from '../helpers/cli.ts'
import { openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf } from '../serve/app.ts'

const HOUR = 3_600

describe('a gap is wide from', () => {
  test.each([
    ['hour', null, 1.5 * HOUR],
    ['hour', 300, 1.5 * HOUR],
    ['hour', HOUR, 2 * HOUR],
    ['hour', 24 * HOUR, 2 * HOUR], // a day between polls makes every hour a part of a gap
    ['day', 300, 6 * HOUR],
    ['day', 24 * HOUR, 48 * HOUR],
    ['day', 7 * 24 * HOUR, 48 * HOUR],
    ['week', 300, 24 * HOUR],
    ['month', 7 * 24 * HOUR, 14 * 24 * HOUR],
  ] as const)('by %s, polled every %s seconds: %s seconds', (grain, expectedEvery, wide) => {
    expect(wideGapSeconds(grain, expectedEvery)).toBe(wide)
  })
})

describe('three days of hourly polls, one of them missing', () => {
  let warehouse: TestWarehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    await setExpectedEvery(warehouse.db, HOUR * 1000)
    const hours = Array.from({ length: 73 }, (_, i) => i).filter((i) => i !== 30 && i !== 31)
    const lines = hours.map((i) => ({
      category: 'hourly',
      observed_at: new Date(Date.parse('2026-03-01T00:00:00+01:00') + i * HOUR * 1000).toISOString(),
      stats: { sent: 10 * i },
    }))
    await recordLines(warehouse, lines, lines.length)
  })
  afterAll(() => warehouse.close())

  test('the terminal marks only the hours of the gap', async () => {
    const { stdout } = await runCli(
      ['trends', '--by', 'hour', '--from', '2026-03-01', '--to', '2026-03-03', '--metric', 'sent'],
      { env: { DATABASE_URL: warehouse.url, PRIMOTEXTO_API_KEY: 'key' } },
    )
    const marked = stdout.split('\n').filter((line) => /^2026.*~/.test(line))
    expect(marked.map((line) => line.slice(0, 16))).toEqual([
      '2026-03-02 05:00',
      '2026-03-02 06:00',
      '2026-03-02 07:00',
    ])
  })

  test('the page shades the same ones', async () => {
    const app = await appOf(warehouse)
    const response = await app.request('/category?category=hourly&by=hour&from=2026-03-01&to=2026-03-03')
    const html = await response.text()
    const data = JSON.parse(
      html.match(/<script type="application\/json" id="chart-data">(.*?)<\/script>/s)![1]!,
    )
    const shaded = data.labels.filter((_: string, i: number) => data.spread[i])
    expect(shaded).toEqual(['2026-03-02 05:00', '2026-03-02 06:00', '2026-03-02 07:00'])
  })

  test('the API names the limit that sets the same ones apart', async () => {
    const app = await appOf(warehouse)
    const response = await app.request(
      '/api/v1/trends?c=default/hourly&by=hour&from=2026-03-01&to=2026-03-03',
    )
    const { wide_gap_seconds, trends } = JSON.parse(await response.text())
    expect(wide_gap_seconds).toBe(2 * HOUR)
    const wide = trends.filter((trend: Trend) => (trend.widest_gap_seconds ?? 0) > wide_gap_seconds)
    expect(wide.map((trend: { hour: string }) => trend.hour).toReversed()).toEqual([
      '2026-03-02T04:00:00.000Z',
      '2026-03-02T05:00:00.000Z',
      '2026-03-02T06:00:00.000Z',
    ])
  })
})
