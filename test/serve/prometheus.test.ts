// /metrics as a scraper meets it: names, labels, totals that never fall, and a database that goes away.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { createClient } from '../../src/primotexto/client.ts'
import { createPrometheus } from '../../src/serve/prometheus.ts'
import { startDaemon } from '../../src/sync/daemon.ts'
import { readExposition } from '../helpers/exposition.ts'
import { openStage } from '../helpers/tick.ts'
import {
  decideLine,
  type Line,
  openTestWarehouse,
  recordLines,
  type TestWarehouse,
  withWarehouse,
} from '../helpers/warehouse.ts'
import { answer } from '../primotexto/provider.ts'
import { appOf, fillWarehouse } from './app.ts'

const MONITORING = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url))
const promtool = (args: string[], input = '') =>
  spawnSync('promtool', args, { input, encoding: 'utf8', cwd: MONITORING })
const hasPromtool = promtool(['--version']).status === 0

async function scrape(app: Awaited<ReturnType<typeof appOf>>) {
  const response = await app.request('http://localhost/metrics')
  expect(response.status).toBe(200)
  const text = await response.text()
  return { ...readExposition(text), text, response }
}

const ODD = ['plain', 'a "b" \\ c', 'line\nbreak\\n', '☎️ été', '{x="y"} 1', ',category:b', ' ']

describe('with some history', () => {
  let warehouse: TestWarehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    const lines = ODD.flatMap((category, i): Line[] => [
      { category, observed_at: '2026-03-01T08:00:00Z', stats: { sent: 100, delivered: 90 } },
      { category, observed_at: '2026-03-02T08:00:00Z', stats: { sent: 110 + i, delivered: 90 } },
    ])
    const demo = { account: 'sandbox', category: 'toy', stats: { sent: 5 } }
    await recordLines(warehouse, [...lines, { ...demo, observed_at: '2026-03-01T08:00:00Z' }], 100)
    await recordLines(warehouse, [
      { account: 'a', category: 'b,category:c', observed_at: '2026-03-01T08:00:00Z', stats: { sent: 1 } },
      { account: 'a,category:b', category: 'c', observed_at: '2026-03-01T08:00:00Z', stats: { sent: 1 } },
    ])
  })
  afterAll(() => warehouse.close())

  test('names of categories arrive as they are, whatever is in them', async () => {
    const { value, samples, response } = await scrape(await appOf(warehouse))
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const [i, category] of ODD.entries()) {
      expect(value('primosync_sms_sent_total', { account: 'default', category })).toBe(10 + i)
      expect(value('primosync_category_age_seconds', { account: 'default', category })).toBeGreaterThan(0)
    }
    // Labels that look alike when they are run together are two series all the same.
    expect(value('primosync_sms_sent_total', { account: 'a', category: 'b,category:c' })).toBe(0)
    expect(value('primosync_sms_sent_total', { account: 'a,category:b', category: 'c' })).toBe(0)
    expect(samples.filter(({ name }) => name === 'primosync_sms_sent_total')).toHaveLength(ODD.length + 2)
  })

  test('a counter that stands still is zero, one that was never named has no series', async () => {
    const { value } = await scrape(await appOf(warehouse))
    const plain = { account: 'default', category: 'plain' }
    expect(value('primosync_sms_delivered_total', plain)).toBe(0)
    expect(value('primosync_sms_clicks_total', plain)).toBeUndefined()
  })

  test('demo data show in the demo only', async () => {
    const toy = { account: 'sandbox', category: 'toy' }
    const real = await scrape(await appOf(warehouse))
    expect(real.text).not.toContain('sandbox')
    const demo = await scrape(await appOf(warehouse, { demo: true }))
    expect(demo.value('primosync_sms_sent_total', toy)).toBe(0)
  })

  test('served like health: also where others can reach it, with a token or without', async () => {
    for (const changed of [{ host: '0.0.0.0' }, { host: '0.0.0.0', token: () => 'secret' }]) {
      const app = await appOf(warehouse, changed)
      expect((await scrape(app)).value('primosync_database_up')).toBe(1)
      expect((await app.request('http://example.com/')).status).not.toBe(200)
    }
  })

  test('docs/monitoring/README.md names each metric with its type and labels, and no other', async () => {
    const { types, samples } = await scrape(await appOf(warehouse))
    const text = readFileSync(`${MONITORING}README.md`, 'utf8')
    const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \|/gm)]
    const documented = new Map(rows.map(([, name, type]) => [name!, type!]))
    for (const [name, type] of types) expect({ name, type: documented.get(name) }).toEqual({ name, type })
    const ours = [...documented.keys()].filter((name) => name.startsWith('primosync_'))
    expect(ours.filter((name) => !types.has(name))).toEqual([])
    for (const [, name, , labels] of rows) {
      const used = samples.filter((sample) => sample.name === name && name!.startsWith('primosync_'))
      const expected = [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label)
      for (const sample of used) expect(Object.keys(sample.labels)).toEqual(expected)
    }
  })

  test.skipIf(!hasPromtool)('promtool has nothing to say', async () => {
    const { text } = await scrape(await appOf(warehouse))
    const { status, stdout, stderr } = promtool(['check', 'metrics'], text)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

describe.skipIf(!hasPromtool)('alerts', () => {
  test('promtool accepts the rules', () => {
    expect(promtool(['check', 'rules', 'alerts.yml'])).toMatchObject({ status: 0 })
  })

  test('each fires when it should, and only then', () => {
    const { status, stdout, stderr } = promtool(['test', 'rules', 'alerts.test.yml'])
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' })
  })
})

/** What Prometheus' increase() adds up, extrapolation aside: a fall is a restart from zero. */
function increase(values: readonly number[]): number {
  return values.slice(1).reduce((sum, value, i) => sum + (value < values[i]! ? value : value - values[i]!), 0)
}

describe('increase() over the totals', () => {
  const at = (hour: number) => new Date(Date.UTC(2026, 2, 1, hour)).toISOString()
  const line = (hour: number, sent: number): Line => ({
    category: 'c',
    observed_at: at(hour),
    stats: { sent },
  })
  type Event = Line | { as: string; hour: number }

  const cases: { name: string; events: Event[]; total: number }[] = [
    { name: 'growth', events: [line(0, 1000), line(1, 1010), line(2, 1030)], total: 30 },
    {
      name: 'a reset counts in full',
      events: [line(0, 1000), line(1, 1010), line(2, 3), line(3, 8)],
      total: 18,
    },
    {
      name: 'a correction is made up for by growth',
      events: [line(0, 1000), line(1, 1100), line(2, 1065), line(3, 1080), line(4, 1150)],
      total: 150,
    },
    {
      name: 'a correction that is not made up for yet takes nothing back',
      events: [line(0, 1000), line(1, 1100), line(2, 1065)],
      total: 100,
    },
    {
      name: 'a dip that looks like a reset until it ends',
      events: [line(0, 1000), line(1, 1010), line(2, 90), line(3, 1020), line(4, 1200)],
      total: 200,
    },
    {
      name: 'a glitch that is decided away stays, as increase() has shown it already',
      events: [line(0, 1000), line(1, 5000), line(2, 1010), { as: 'dip', hour: 1 }, line(3, 1020)],
      total: 5010,
    },
    {
      name: 'older history that is imported is no growth of now',
      events: [line(4, 1000), line(5, 1010), line(0, 200), line(1, 700), line(6, 1025)],
      total: 25,
    },
    {
      name: 'a snapshot that comes late in the middle changes nothing',
      events: [line(0, 1000), line(2, 1100), line(1, 1010), line(3, 1101)],
      total: 101,
    },
  ]

  for (const { name, events, total } of cases) {
    test(name, async () => {
      await withWarehouse(async (warehouse) => {
        const scraped: number[] = []
        for (const event of events) {
          if ('as' in event)
            await decideLine(warehouse, { category: 'c', observed_at: at(event.hour), as: event.as })
          else await recordLines(warehouse, [event])
          // A new app each time: nothing is remembered in the process.
          const { value } = await scrape(await appOf(warehouse))
          scraped.push(value('primosync_sms_sent_total', { category: 'c' })!)
        }
        expect(scraped).toEqual([...scraped].sort((a, b) => a - b))
        expect(increase(scraped)).toBe(total)
      })
    })
  }
})

test('of more than a thousand categories the stalest have an age, and a thousand have totals', async () => {
  await withWarehouse(async (warehouse) => {
    await fillWarehouse(warehouse, 1_003, 3)
    await warehouse.pool.query(`update store.walk set newest_at = now() - interval '2 days'
      where category_id = (select max(id) from store.category)`)
    const { samples, value } = await scrape(await appOf(warehouse))
    const ages = samples.filter(({ name }) => name === 'primosync_category_age_seconds')
    expect(ages).toHaveLength(1_000)
    expect(ages[0]).toMatchObject({ labels: { category: 'category 1003' } })
    expect(ages[0]!.value).toBeGreaterThanOrEqual(2 * 86_400)
    for (const name of COUNTERS) {
      expect(samples.filter((sample) => sample.name === `primosync_sms_${name}_total`)).toHaveLength(1_000)
    }
    expect(value('primosync_categories_left_out', { of: 'age' })).toBe(3)
    expect(value('primosync_categories_left_out', { of: 'totals' })).toBe(3)
    expect(value('primosync_categories', { state: 'active' })).toBe(1_003)
  })
})

test('while the database is away the metrics are those of before, and say so', async () => {
  const stage = await openStage()
  await stage.tick()
  const app = await appOf(stage.deps.warehouse)
  const before = await scrape(app)
  expect(before.value('primosync_database_up')).toBe(1)
  stage.proxy.cut()
  const away = await scrape(app)
  expect(away.value('primosync_database_up')).toBe(0)
  const a = { category: 'a' }
  expect(away.value('primosync_sms_sent_total', a)).toBe(before.value('primosync_sms_sent_total', a))
  expect(away.value('primosync_category_age_seconds', a)).toBeGreaterThanOrEqual(
    before.value('primosync_category_age_seconds', a)!,
  )
  expect(away.value('primosync_last_success_timestamp_seconds')).toBeGreaterThan(1.7e9)
  // Known from the start, although no database ever was.
  const fresh = await scrape(await appOf(stage.deps.warehouse))
  expect(fresh.value('primosync_database_up')).toBe(0)
  expect(fresh.value('primosync_sms_sent_total', a)).toBeUndefined()
})

test('what a tick did: requests, retries, failures by class, rejected answers, snapshots', async () => {
  const stage = await openStage({ categories: [] })
  const prometheus = createPrometheus({ ...stage.deps, demo: false, demoAccount: 'sandbox' }, { maxAgeMs: 0 })
  stage.provider.respond((category, response, give) => {
    if (category.startsWith('good')) give()
    else if (category === 'odd') answer(response, 200, '{"sent":-1}')
    else answer(response, 503, '')
  })
  const client = createClient({
    apiKey: () => 'key',
    baseUrl: stage.provider.baseUrl,
    timeoutMs: 10_000,
    watcher: prometheus,
    concurrency: 4,
    ratePerSecond: null,
    retry: { retries: 1, minDelayMs: 1, maxDelayMs: 2 },
  })
  onTestFinished(() => client.close())
  const accounts = [{ name: 'default', label: null, categories: ['good 1', 'good 2', 'odd', 'down'], client }]
  const { onDue, onTick } = prometheus
  const stop = new AbortController()
  const deps = { ...stage.deps, accounts, pattern: '0 0 29 2 *', onDue, onTick }
  const daemon = startDaemon(deps, stop.signal)
  await daemon.firstTick
  stop.abort(new Error('stopped'))
  await daemon.stop()
  const { value } = readExposition(await prometheus.render())
  const requests = (outcome: string) => value('primosync_api_request_duration_seconds_count', { outcome })
  expect([requests('reading'), requests('rejected'), requests('server')]).toEqual([2, 1, 2])
  expect(value('primosync_api_request_duration_seconds_bucket', { outcome: 'reading', le: '+Inf' })).toBe(2)
  expect(value('primosync_failures_total', { class: 'server' })).toBe(1)
  expect(value('primosync_failures_total', { class: 'authentication' })).toBe(0)
  expect(value('primosync_snapshots_stored_total')).toBe(2)
  expect(value('primosync_answers_rejected_total')).toBe(1)
  expect(value('primosync_category_rejecting_answers', { account: 'default', category: 'odd' })).toBe(1)
  expect(
    value('primosync_category_rejecting_answers', { account: 'default', category: 'down' }),
  ).toBeUndefined()
  expect(value('primosync_ticks_total', { status: 'partial' })).toBe(1)
  expect(value('primosync_ticks_total', { status: 'ok' })).toBe(0)
  expect(value('primosync_spool_runs')).toBe(0)
})

test('what waits in the spool while the database is away, and the lease while a tick lasts', async () => {
  const stage = await openStage({ categories: ['a'] })
  const prometheus = createPrometheus({ ...stage.deps, demo: false, demoAccount: 'sandbox' }, { maxAgeMs: 0 })
  const during: (number | undefined)[] = []
  stage.provider.respond(async (_category, _response, give) => {
    during.push(readExposition(await prometheus.render()).value('primosync_lease_held'))
    give()
  })
  await stage.tick()
  const after = readExposition(await prometheus.render())
  expect([...during, after.value('primosync_lease_held')]).toEqual([1, 0])
  expect(after.value('primosync_spool_size_bytes')).toBe(0)
  expect(after.value('primosync_spool_oldest_age_seconds')).toBe(0)
  stage.provider.respond(undefined)
  stage.proxy.cut()
  await stage.tick()
  const away = readExposition(await prometheus.render())
  expect(away.value('primosync_spool_runs')).toBe(1)
  expect(away.value('primosync_spool_size_bytes')).toBeGreaterThan(100)
  expect(away.value('primosync_spool_oldest_age_seconds')).toBeGreaterThan(0)
})
