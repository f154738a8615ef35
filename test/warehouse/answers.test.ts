// The views that answer questions hold what a second implementation says, cell by cell, over random series with gaps,
// resets, dips, corrections, late imports and, if a year lies behind now, both changes of the clocks.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { loadCalendar } from '../../src/warehouse/calendar.ts'
import { addCategories } from '../../src/warehouse/registry.ts'
import { CopySink } from '../../src/warehouse/series/copy-sink.ts'
import { recordSnapshots } from '../../src/warehouse/series/record.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'
import {
  type OracleCategory,
  oracleComparisons,
  oracleExpected,
  oracleRates,
  oracleSendings,
  oracleTotals,
  type Row,
} from '../oracle/answers.ts'
import { type OracleDay, type OracleSnapshot, oracleTrends } from '../oracle/oracle.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS = 130
const RUNS = Number(process.env.PROPERTY_RUNS ?? 1)
const SEED = Number(process.env.PROPERTY_SEED ?? 20_261_127)
const TIME_LIMIT_MS = 60_000 * RUNS
const ZONES = ['Europe/Paris', 'Australia/Lord_Howe']

/** A life: polled every so many hours, silent now and then, sending every so many days, with odd moments. */
const LIFE = fc.record({
  seed: fc.nat(),
  days: fc.constantFrom(1, 20, 70, DAYS, DAYS, DAYS),
  endedDaysAgo: fc.constantFrom(0, 0, 0, 0, 1, 2.4, 9, 35),
  everyHours: fc.constantFrom(2, 3, 3, 5),
  sendsEvery: fc.constantFrom(1, 1, 2, 7, 7, 12),
  size: fc.constantFrom(3, 40, 400, 5_000),
  oddities: fc.constantFrom(0, 0.01, 0.05),
})
type Life = typeof LIFE extends fc.Arbitrary<infer Value> ? Value : never

describe.for(ZONES)('in %s', (timezone) => {
  let warehouse: TestWarehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse(timezone)
    await warehouse.pool.query(`update store.reporting set expected_every = interval '2 hours'`)
  })
  afterAll(() => warehouse.close())

  test('totals, rates, sendings, comparisons, expected values and anomalies are the oracle’s', {
    timeout: TIME_LIMIT_MS,
  }, async () => {
    let accounts = 0
    let anomalies = 0
    await fc.assert(
      fc.asyncProperty(fc.array(LIFE, { minLength: 3, maxLength: 4 }), async (lives) => {
        accounts += 1
        anomalies += await compare(warehouse, `account ${accounts}`, lives)
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
    expect(anomalies).toBeGreaterThan(0)
  })
})

/** Returns how many anomalies there were. */
async function compare(warehouse: TestWarehouse, account: string, lives: readonly Life[]): Promise<number> {
  const start = Date.now()
  const series = new Map(lives.map((life, i) => [`c${i}`, seriesOf(life, start)] as const))
  await store(warehouse, account, series)
  const client = await warehouse.pool.connect()
  try {
    await client.query('begin isolation level repeatable read')
    const ask = async (query: string): Promise<Record<string, unknown>[]> => (await client.query(query)).rows
    const rowsOf = async (view: string, order: string) =>
      (await ask(`select * from sms.${view} where account = '${account}' order by ${order}`)).map(plain)
    const now = ((await ask('select now()'))[0]!.now as Date).getTime()
    const days = await calendarOf(ask)
    const categories = [...series].map(([name, snapshots]): OracleCategory => {
      const of = (grain: 'hourly' | 'daily' | 'weekly' | 'monthly') =>
        oracleTrends(snapshots, [], days, grain)
      return {
        name,
        first: snapshots[0]!.at,
        newest: snapshots.at(-1)!.at,
        hourly: of('hourly'),
        daily: of('daily'),
        weekly: of('weekly'),
        monthly: of('monthly'),
      }
    })

    for (const [grain, bucket] of Object.entries(BUCKETS)) {
      const expected = oracleTotals(categories, grain as 'daily', endOf(days, grain), now)
      const rows = await rowsOf(`totals_${grain}`, bucket)
      expect(
        rows.map(
          ({ account: _a, local_hour: _l, hour_of_day: _h, weekday: _w, day, [bucket]: at, ...rest }) => ({
            bucket: at ?? day,
            ...rest,
          }),
        ),
      ).toEqual(expected.map(rounded))
    }
    const perCategory = (rowsIn: (category: OracleCategory) => Row[]) =>
      categories.flatMap((category) =>
        rowsIn(category).map((row) => rounded({ account, category: category.name, ...row })),
      )
    const sorted = (rows: Row[]) => rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort()
    expect(await rowsOf('rates_daily', 'category, day, days')).toEqual(perCategory(oracleRates))
    expect(await rowsOf('sendings', 'category, first_day')).toEqual(perCategory(oracleSendings))
    const comparisons = oracleComparisons(categories, days, now).map((row) => rounded({ account, ...row }))
    expect(sorted(await rowsOf('comparisons', 'category'))).toEqual(sorted(comparisons))
    const judged = (which: 'expected' | 'anomalies') =>
      perCategory((category) => oracleExpected(category, days, now, 2 * HOUR_MS)[which])
    expect(sorted(await rowsOf('expected_daily', 'category'))).toEqual(sorted(judged('expected')))
    expect(sorted(await rowsOf('anomalies', 'category'))).toEqual(sorted(judged('anomalies')))
    return judged('anomalies').length
  } finally {
    await client.query('rollback')
    client.release()
  }
}

const BUCKETS = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month' } as const

function endOf(days: readonly OracleDay[], grain: string): (bucket: string) => number {
  if (grain === 'hourly')
    return (bucket) => {
      const start = Date.parse(bucket)
      return Math.min(start + HOUR_MS, days.find((day) => day.start <= start && start < day.end)!.end)
    }
  const column = BUCKETS[grain as 'daily']
  const ends = new Map(days.map((day) => [day[column as 'day'], day.end])) // the last of each bucket stays
  return (bucket) => ends.get(bucket)!
}

function seriesOf({ seed, days, endedDaysAgo, everyHours, sendsEvery, size, oddities }: Life, now: number) {
  const random = randomFrom(seed)
  const totals = COUNTERS.map(() => Math.floor(random() * 10 * size))
  const snapshots: OracleSnapshot[] = []
  const end = now - endedDaysAgo * DAY_MS
  let dippedFrom: number[] | null = null
  for (
    let at = end - days * DAY_MS;
    at < end;
    at += everyHours * HOUR_MS * (random() < 0.02 ? 9 : 0.7 + random() / 3)
  ) {
    const day = Math.floor(at / DAY_MS)
    const isSending = day % sendsEvery === 0
    for (const i of totals.keys()) {
      const share = [1, 1, 0.95, 0.3, 0.1, 0.12, 0.5, 0.02, 0.01, 0.02, 0.01, 0.001][i]!
      const isResponse = i > 2
      if (isSending || (isResponse && random() < 0.1))
        totals[i]! += Math.round(share * size * random() * (random() < 0.01 ? 10 : 1))
    }
    let values = [...totals]
    const odd = random()
    if (dippedFrom !== null) dippedFrom = null
    else if (odd < oddities) {
      if (odd < oddities / 4) for (const i of totals.keys()) totals[i] = Math.floor(totals[i]! / 10)
      else if (odd < oddities / 2) totals[2] = Math.max(0, totals[2]! - size)
      else dippedFrom = totals
      values = dippedFrom ? totals.map(() => 0) : [...totals]
    }
    const counters = values.map((value, i) => (i > 8 && random() < 0.01 ? null : value))
    snapshots.push({ at: Math.floor(at), counters, timespent: null, extra: null })
  }
  return snapshots
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Every tenth snapshot arrives after all others. */
async function store(
  warehouse: TestWarehouse,
  account: string,
  series: ReadonlyMap<string, readonly OracleSnapshot[]>,
): Promise<void> {
  const ids = await addCategories(warehouse.db, account, [...series.keys()])
  const calendar = await loadCalendar(warehouse.db, Date.now() - 2 * DAYS * DAY_MS, Date.now())
  const arrivals = [...series].flatMap(([name, snapshots]) =>
    snapshots.map((snapshot) => ({ categoryId: ids.get(name)!, snapshot })),
  )
  for (const isLate of [false, true]) {
    const part = arrivals.filter((_, i) => (i % 10 === 3) === isLate)
    await warehouse.transaction(({ db, connection }) => {
      const sink = new CopySink(connection, { runId: 1, imported: true })
      return recordSnapshots(db, calendar, part, { sink, live: false })
    })
  }
}

async function calendarOf(ask: (query: string) => Promise<Record<string, unknown>[]>): Promise<OracleDay[]> {
  const rows = await ask('select day, week, month, starts_at, ends_at from sms.calendar order by day')
  return rows.map(({ day, week, month, starts_at, ends_at }) => ({
    day: day as string,
    week: week as string,
    month: month as string,
    start: (starts_at as Date).getTime(),
    end: (ends_at as Date).getTime(),
  }))
}

/** A row with its numbers as such; numeric arrives as text. */
function plain(row: Record<string, unknown>): Row {
  const cells = Object.entries(row).map(([name, value]) => {
    if (value instanceof Date) return [name, value.toISOString()]
    const isNumber = /^(value|previous|change)$/.test(name) && value !== null
    return [name, isNumber ? Number(value) : value]
  })
  return rounded(Object.fromEntries(cells))
}

/** Differences of doubles keep what they had before the point. */
function rounded(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toFixed(7)) + 0 : value,
    ]),
  )
}
