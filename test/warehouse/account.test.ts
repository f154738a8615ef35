// An account's own series: the same rules, what no category accounts for, and how long the credits last.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ITSELF } from '../../src/counters/account.ts'
import { ACCOUNT_STATS, CATEGORY_STATS, readStats } from '../../src/counters/stats.ts'
import { accountStatsAt } from '../../src/sandbox/account.ts'
import { campaigns } from '../../src/sandbox/campaigns.ts'
import { SANDBOX_CATEGORIES, statsAt, UNWATCHED_CATEGORY } from '../../src/sandbox/lives.ts'
import type { Totals } from '../../src/sandbox/totals.ts'
import { loadCalendar } from '../../src/warehouse/calendar.ts'
import { rebuild } from '../../src/warehouse/proof/rebuild.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { addCategories } from '../../src/warehouse/registry.ts'
import { CopySink } from '../../src/warehouse/series/copy-sink.ts'
import { prune } from '../../src/warehouse/series/prune.ts'
import { type Arrival, recordSnapshots } from '../../src/warehouse/series/record.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FROM = Date.parse('2025-03-25T00:30:00Z') // the clocks change five days later

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await warehouse.pool.query(
    `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'import', now(), 'ok')`,
  )
})
afterAll(() => warehouse.close())

interface Said {
  readonly category: string
  readonly at: number
  readonly stats: object
}

/** Records what was said of an account and its categories, in the given order, so many at a time. */
async function record(account: string, said: readonly Said[], batch: number): Promise<void> {
  await recordAll(new Map([[account, said]]), batch)
}

async function recordAll(byAccount: ReadonlyMap<string, readonly Said[]>, batch: number): Promise<void> {
  const arrivals = (
    await Promise.all([...byAccount].map(([account, said]) => arrivalsOf(account, said)))
  ).flat()
  const instants = arrivals.map(({ snapshot }) => snapshot.at)
  const calendar = await loadCalendar(warehouse.db, Math.min(...instants), Math.max(...instants))
  for (let i = 0; i < arrivals.length; i += batch) {
    await warehouse.transaction(({ db, connection }) => {
      const sink = new CopySink(connection, { runId: 1, imported: true })
      return recordSnapshots(db, calendar, arrivals.slice(i, i + batch), { sink, live: false })
    })
  }
}

async function arrivalsOf(account: string, said: readonly Said[]): Promise<Arrival[]> {
  const ids = await addCategories(
    warehouse.db,
    account,
    said.map(({ category }) => category),
  )
  return said.map(({ category, at, stats }): Arrival => {
    const text = JSON.stringify(stats)
    const read = readStats(text, category === ITSELF ? ACCOUNT_STATS : CATEGORY_STATS)
    if (!('reading' in read)) throw new Error(read.reason)
    return { categoryId: ids.get(category)!, snapshot: { at, ...read.reading } }
  })
}

const rows = async (query: string, ...values: unknown[]) => (await warehouse.pool.query(query, values)).rows

const DAYS = `select day, sent, submitted, delivered, undelivered, bounces, unsubscribers, credits, credits_used,
  credits_bought, attributed, unattributed from sms.account_trends_daily where account = $1 order by day`

describe('growth by day', () => {
  interface Step {
    hours: number
    sent: number
    credits: number
    isReset: boolean
    isUnknown: boolean
  }
  const step: fc.Arbitrary<Step> = fc.record({
    hours: fc.nat({ max: 60 }).map((n) => n + 1),
    sent: fc.integer({ min: -40, max: 400 }),
    credits: fc.integer({ min: -300, max: 900 }),
    isReset: fc.nat({ max: 12 }).map((n) => n === 0),
    isUnknown: fc.nat({ max: 8 }).map((n) => n === 0),
  })
  const life = fc.array(step, { minLength: 2, maxLength: 14 })
  let accounts = 0

  /** A series that grows, is corrected, starts again and leaves fields out. */
  function saidOf(category: string, steps: readonly Step[]): Said[] {
    let at = FROM
    let sent = 1000
    let credits = 5000
    return steps.map((each) => {
      at += each.hours * HOUR_MS + 1
      sent = each.isReset ? 3 : Math.max(0, sent + each.sent)
      credits += each.credits
      const stats = {
        sent: each.isUnknown ? null : sent,
        delivered: sent,
        ...(category === ITSELF && { credits }),
      }
      return { category, at, stats }
    })
  }

  test('attributed and unattributed are the growth exactly, in whatever order the answers arrive', async () => {
    await fc.assert(
      fc.asyncProperty(life, life, life, fc.infiniteStream(fc.nat()), async (own, a, b, order) => {
        const said = [...saidOf(ITSELF, own), ...saidOf('a', a), ...saidOf('b', b)]
        const shuffled = said
          .map((one) => ({ one, key: order.next().value }))
          .toSorted((x, y) => x.key - y.key)
          .map(({ one }) => one)
        const [inTime, late] = [`in time ${++accounts}`, `late ${accounts}`]
        await record(
          inTime,
          said.toSorted((x, y) => x.at - y.at),
          100,
        )
        await record(late, shuffled, 5)
        const days = await rows(DAYS, late)
        expect(days).toEqual(await rows(DAYS, inTime))
        const [growth] = await rows(
          `select sum(s.sent_delta)::float8 as sent, sum(s.timespent_delta)::float8 as credits
          from store.snapshot s join store.category c on c.id = s.category_id join store.account a on a.id = c.account_id
          where c.name = '' and a.name = $1`,
          late,
        )
        const sum = (name: string) => days.reduce((total, day) => total + Number(day[name] ?? 0), 0)
        expect(sum('attributed') + sum('unattributed')).toBe(growth.sent ?? 0)
        expect(sum('credits_bought') - sum('credits_used')).toBe(growth.credits ?? 0)
      }),
      { numRuns: 5, seed: 20_251_127 },
    )
    expect((await verify(warehouse)).differences).toEqual([])
  })

  test('verify proves it, rebuild mends it, also in another zone, and retention leaves it alone', async () => {
    await warehouse.pool.query(
      `update store.day d set sent = sent + 1 from store.category c
      where c.id = d.category_id and c.name = '' and d.sent is not null`,
    )
    const { differences } = await verify(warehouse)
    expect(differences.map(({ table, column }) => `${table} ${column}`)).toContain(
      'sms.account_trends_daily sum(sent)',
    )
    await rebuild(warehouse, { timezone: 'Pacific/Apia' })
    expect((await verify(warehouse)).differences).toEqual([])
    await rebuild(warehouse, { timezone: 'Europe/Paris' })
    const said = (category: string) =>
      Array.from({ length: 600 }, (_, i) => ({ category, at: FROM + i * HOUR_MS, stats: { sent: i } }))
    await record('long', [...said(ITSELF), ...said('a')], 2000)
    expect((await prune(warehouse, Date.now())).categories).toBe(1)
    expect(await rows(`select count(*) from sms.account_readings where account = 'long'`)).toEqual([
      { count: 600 },
    ])
    expect((await verify(warehouse)).differences).toEqual([])
  })
})

describe('sms.credits', () => {
  /** What is sent until each instant, by the sandbox's pure models, and when credits are bought. */
  const BURNS = [
    ['steady', (seed: number) => (at: number) => ((at - FROM) / DAY_MS) * (800 + (seed % 7) * 100)],
    ['weekly rhythm', (seed: number) => (at: number) => accountStatsAt(at, seed).sent!],
    ['campaigns', (seed: number) => sentOf(campaigns(seed, 18_000, 1, MANNERS))],
    ['top-ups', (seed: number) => (at: number) => accountStatsAt(at, seed).sent!],
  ] as const
  const sentOf = (totals: Totals) => (at: number) => totals(at)[0]!
  const MANNERS = { errors: 0, bounced: 0, openers: 0, clickers: 0, replies: 0, unsubscribers: 0 }

  test('days_left is within 15 % of the truth at 95 of 100 burn-downs, after 28 days', async () => {
    const until = FROM + 28 * DAY_MS
    const truth = new Map<string, number>()
    const all = new Map<string, Said[]>()
    for (let n = 0; n < 100; n++) {
      const [how, modelOf] = BURNS[n % BURNS.length]!
      const seed = 1000 + Math.floor(n / 4)
      const usedAt = modelOf(seed)
      const before = usedAt(FROM)
      const used = (at: number) => Math.floor(usedAt(at) - before)
      const lastsDays = 14 + (n % 5) * 7
      const credits = used(until + lastsDays * DAY_MS) - used(until)
      const bought = (at: number) =>
        how === 'top-ups' ? Math.floor((at - FROM) / (6 * DAY_MS)) * 100_000 : 0
      const start = credits + used(until) - bought(until)
      const said = Array.from({ length: 28 * 3 + 1 }, (_, i): Said => {
        const at = FROM + i * 8 * HOUR_MS
        const sent = used(at)
        return { category: ITSELF, at, stats: { sent, credits: start - sent + bought(at) } }
      })
      truth.set(`burn ${n}, ${how}`, lastsDays)
      all.set(`burn ${n}, ${how}`, said)
    }
    await recordAll(all, 10_000)
    const told = await rows(`select account, days_left, per_day, credits::float8, empty_on from sms.credits
      where account like 'burn %'`)
    expect(told).toHaveLength(100)
    const far = told
      .map((row) => ({ account: row.account, error: Math.abs(row.days_left / truth.get(row.account)! - 1) }))
      .filter(({ error }) => error > 0.15)
    expect(far.length, JSON.stringify(far)).toBeLessThanOrEqual(5)
  })

  test('says nothing where it cannot tell', async () => {
    const said = (account: string, credits: (number | null)[], everyHours: number) =>
      record(
        account,
        credits.map((value, i) => ({
          category: ITSELF,
          at: FROM + i * everyHours * HOUR_MS,
          stats: { sent: 10, credits: value },
        })),
        1000,
      )
    await said('one', [100], 1)
    await said('hours', [100, 90, 80], 1)
    await said('idle', [100, 100, 100], 24)
    await said('gone', [10, 5, 0], 24)
    await said('owing', [10, -5.5], 24)
    await said('none', [null, null], 24)
    await said('halves', [100.5, 90.25, 190.25, 180], 12)
    const told = await rows(`select account, credits::float8, used_7_days::float8 as used, per_day, days_left,
      empty_on from sms.credits where account in ('one','hours','idle','gone','owing','none','halves') order by 1`)
    expect(told).toEqual([
      { account: 'gone', credits: 0, used: 10, per_day: 5, days_left: 0, empty_on: '2025-03-27' },
      {
        account: 'halves',
        credits: 180,
        used: 20.5,
        per_day: 20.5 / 1.5,
        days_left: expect.closeTo(13.17, 2),
        empty_on: '2025-04-08',
      },
      { account: 'hours', credits: 80, used: 20, per_day: null, days_left: null, empty_on: null },
      { account: 'idle', credits: 100, used: 0, per_day: 0, days_left: null, empty_on: null },
      { account: 'one', credits: 100, used: null, per_day: null, days_left: null, empty_on: null },
      { account: 'owing', credits: -5.5, used: 15.5, per_day: 15.5, days_left: 0, empty_on: '2025-03-26' },
    ])
  })
})

test('the sandbox reports of its account what its categories sent, and more', () => {
  const growth = (of: (at: number) => number) => of(FROM + 9 * DAY_MS) - of(FROM)
  const sentBy = (category: string) => growth((at) => Number(statsAt(category, at, 1)?.sent ?? 0))
  const watched = SANDBOX_CATEGORIES.filter((name) => name !== 'Alertes stock' && name !== 'Suivi colis')
  const all = growth((at) => accountStatsAt(at, 1).sent!)
  expect(all).toBeGreaterThan(
    watched.reduce((sum, category) => sum + sentBy(category), sentBy(UNWATCHED_CATEGORY)),
  )
  expect(sentBy(UNWATCHED_CATEGORY)).toBeGreaterThan(5_000)
  const days = Array.from({ length: 100 }, (_, day) => accountStatsAt(FROM + day * DAY_MS, 1))
  const changes = days.slice(1).map((stats, i) => stats.credits! - days[i]!.credits!)
  expect(changes.some((change) => change > 100_000)).toBe(true)
  expect(days.every(({ credits }) => credits! > 0)).toBe(true)
  for (const { sent, delivered, undelivered } of days) expect(undelivered).toBe(sent! - delivered!)
})
