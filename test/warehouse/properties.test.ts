// One derivation: whatever arrives in whatever order, the tables are what the oracle says of the set.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Calendar } from '../../src/counters/calendar.ts'
import { COUNTERS } from '../../src/counters/names.ts'
import type { Decision } from '../../src/counters/step.ts'
import { UsageError } from '../../src/errors.ts'
import { loadCalendar } from '../../src/warehouse/calendar.ts'
import { addCategories } from '../../src/warehouse/registry.ts'
import { CopySink } from '../../src/warehouse/series/copy-sink.ts'
import { decide } from '../../src/warehouse/series/decisions.ts'
import { InsertSink } from '../../src/warehouse/series/insert-sink.ts'
import { recordSnapshots } from '../../src/warehouse/series/record.ts'
import {
  BUCKET_NAME,
  openTestWarehouse,
  readDeltas,
  readTrends,
  type TestWarehouse,
} from '../helpers/warehouse.ts'
import {
  type OracleDay,
  type OracleDecision,
  type OracleDelta,
  type OracleGrain,
  type OracleSnapshot,
  type OracleTrend,
  oracleDeltas,
  oracleTrends,
} from '../oracle/oracle.ts'
import { DECISION, longSeriesOf, placeOf, seriesOf } from '../oracle/series.ts'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 5)
const SEED = Number(process.env.PROPERTY_SEED ?? 20_240_115)
/** Of a test: what was found by then is told, as far as it could be simplified. */
const TIME_LIMIT_MS = 3_000 * RUNS
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The 512th of a life, as placeOf has it. */
const NEAR_CHECKPOINT = 3 * 40 + 2
const GRAINS = ['hourly', 'daily', 'weekly', 'monthly'] as const

/** Zones with an odd change of the clocks, and a day near it. */
const ZONES = [
  ['Europe/Paris', '2024-10-27'],
  ['Atlantic/Azores', '2024-10-27'],
  ['Pacific/Apia', '2011-12-30'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/St_Johns', '2010-11-07'],
  ['Australia/Lord_Howe', '2024-04-07'],
  ['Africa/Monrovia', '1972-01-07'],
] as const

/** What happens to a warehouse: the lives of some categories, in the order in which they arrive. */
interface Plan {
  readonly lives: OracleSnapshot[][]
  /** Null: in time. */
  readonly shuffle: number[] | null
  /** Some arrive later than the others. */
  readonly late: { which: number; by: number }[]
  readonly again: { which: number; by: number }[]
  readonly batches: number[]
  /** Made after the batch of that number, by remainder, about a snapshot that is there. */
  readonly decisions: { which: number; as: string; after: number; life: number }[]
}

for (const [timezone, near] of ZONES) {
  describe(`the tables in ${timezone} are the oracle's`, () => {
    const middle = Date.parse(near)
    let warehouse: TestWarehouse
    let calendar: Calendar
    const days: OracleDay[] = []
    let accounts = 0

    beforeAll(async () => {
      warehouse = await openTestWarehouse(timezone)
      calendar = await loadCalendar(warehouse.db, middle - 150 * DAY_MS, middle)
      days.push(...(await readCalendar(warehouse, middle - 150 * DAY_MS, middle + 150 * DAY_MS)))
    })
    afterAll(() => warehouse.close())

    const limits = { firstAt: middle - 4 * DAY_MS, lastAt: middle + 60 * DAY_MS }
    const short = planOf({
      life: seriesOf({ ...limits, maxLength: 14 }, days),
      categories: 3,
      batch: fc.nat(6),
    })
    const long = planOf({
      life: longSeriesOf({ ...limits, maxLength: 1600 }, days),
      categories: 1,
      batch: fc.oneof(fc.nat(3), fc.constant(512), fc.integer({ min: 200, max: 700 })),
    })

    /** The newest is decided to be a dip, before an answer hours later: its change begins before the open hour. */
    const dipAtTheEnd = planned(steadySeries(middle, 4, 3 * HOUR_MS), [3, 1], [[1, 'dip', 0]])
    /** A dip is decided where a checkpoint would be; later a decision starts from the one there is. */
    const dipAtCheckpoint = planned(
      steadySeries(limits.firstAt, 900, HOUR_MS),
      [700, 200],
      [
        [NEAR_CHECKPOINT, 'dip', 0],
        [1, 'correction', 1],
      ],
    )

    test.each([
      ['short lives, in any order, with decisions', short, 3 * RUNS, dipAtTheEnd],
      ['lives longer than a few checkpoints', long, RUNS, dipAtCheckpoint],
    ] as const)(
      '%s',
      async (_, plans, numRuns, example) => {
        await fc.assert(
          fc.asyncProperty(plans, async (plan) => {
            const account = `run ${++accounts}`
            const decisions = await carryOut(warehouse, calendar, account, plan)
            await expectTables(warehouse, account, plan.lives, decisions, days)
          }),
          { numRuns, seed: SEED, examples: [[example]], interruptAfterTimeLimit: TIME_LIMIT_MS },
        )
      },
      TIME_LIMIT_MS + 30_000,
    )
  })
}

/** The newest, as placeOf has it, is worth more than its share. */
const PLACE = fc.oneof(fc.nat(), fc.constant(1))

function planOf({
  life,
  categories,
  batch,
}: {
  life: fc.Arbitrary<OracleSnapshot[]>
  categories: number
  batch: fc.Arbitrary<number>
}): fc.Arbitrary<Plan> {
  const delays = fc.array(fc.record({ which: fc.nat(), by: fc.nat() }), { maxLength: 6, size: 'max' })
  return fc.record({
    lives: fc.array(life, { minLength: 1, maxLength: categories }),
    shuffle: fc.option(fc.array(fc.nat(), { minLength: 20, maxLength: 60 }), { freq: 1 }),
    late: delays,
    again: delays,
    batches: fc.array(batch, { minLength: 1, maxLength: 8, size: 'max' }),
    decisions: fc.array(fc.record({ which: PLACE, as: DECISION, after: fc.nat(), life: fc.nat() }), {
      maxLength: 8,
      size: 'max',
    }),
  })
}

function steadySeries(firstAt: number, length: number, pauseMs: number): OracleSnapshot[] {
  return Array.from({ length }, (_, i) => ({
    at: firstAt + i * pauseMs,
    timespent: null,
    extra: null,
    counters: COUNTERS.map((_name, counter) => i * (counter + 1)),
  }))
}

/** The plan of one life that arrives in time. */
function planned(
  series: OracleSnapshot[],
  batches: number[],
  decisions: [which: number, as: string, after: number][],
): Plan {
  return {
    lives: [series],
    shuffle: null,
    late: [],
    again: [],
    batches,
    decisions: decisions.map(([which, as, after]) => ({ which, as, after, life: 0 })),
  }
}

type Arrival = { life: number; snapshot: OracleSnapshot }

function arrivalsOf({ lives, shuffle, late, again }: Plan): Arrival[] {
  const inTime = lives
    .flatMap((series, life) => series.map((snapshot) => ({ life, snapshot })))
    .sort((a, b) => a.snapshot.at - b.snapshot.at)
  const order = inTime.map((arrival, i) => ({ arrival, rank: shuffle ? shuffle[i % shuffle.length]! : i }))
  const delayed = ({ which, by }: { which: number; by: number }) => {
    const one = order[placeOf(which, order.length)]!
    return { ...one, rank: one.rank + (by % (inTime.length + 1)) + 0.5 }
  }
  for (const delay of late) order[placeOf(delay.which, order.length)] = delayed(delay)
  const repeated = again.map(delayed)
  return [...order, ...repeated].sort((a, b) => a.rank - b.rank).map(({ arrival }) => arrival)
}

/** Gives the decisions that were taken, by category, in the order of recording. */
async function carryOut(
  warehouse: TestWarehouse,
  calendar: Calendar,
  account: string,
  plan: Plan,
): Promise<OracleDecision[][]> {
  const names = plan.lives.map((_, life) => `category ${life}`)
  const ids = await addCategories(warehouse.db, account, names)
  const stored = plan.lives.map(() => new Map<number, OracleSnapshot>())
  const decisions: OracleDecision[][] = plan.lives.map(() => [])
  const batches = inBatches(arrivalsOf(plan), plan.batches)

  for (const [i, batch] of batches.entries()) {
    const arrivals = batch.map(({ life, snapshot }) => ({ categoryId: ids.get(names[life]!)!, snapshot }))
    const origin = { runId: 1, imported: true }
    const recorded = await warehouse.transaction(({ db, connection }) => {
      const sink = i % 2 === 0 ? new InsertSink(db, origin) : new CopySink(connection, origin)
      return recordSnapshots(db, calendar, arrivals, { sink, live: false })
    })
    expect(recorded).toMatchObject({ conflicts: [], fromThePast: [] })
    for (const { life, snapshot } of batch) stored[life]!.set(snapshot.at, snapshot)

    for (const decision of plan.decisions.filter(({ after }) => after % batches.length === i)) {
      const life = decision.life % plan.lives.length
      const there = [...stored[life]!.keys()].sort((a, b) => a - b)
      if (there.length === 0) continue
      const at = there[placeOf(decision.which, there.length)]!
      const taken = { at, as: decision.as }
      const change = warehouse.transaction((tx) =>
        decide(tx, calendar, {
          categoryId: ids.get(names[life]!)!,
          observedAt: at,
          by: 'a test',
          why: 'a test',
          as: taken.as as Decision | 'auto',
        }),
      )
      if (isRefused(taken, there, decisions[life]!)) await expect(change).rejects.toThrow(UsageError)
      else {
        await change
        decisions[life]!.push(taken)
      }
    }
  }
  return decisions
}

/** Only `dip` makes sense on the first snapshot that counts. */
function isRefused(
  { at, as }: OracleDecision,
  there: readonly number[],
  taken: readonly OracleDecision[],
): boolean {
  if (as === 'dip' || as === 'auto') return false
  const isDip = (instant: number) => taken.findLast((one) => one.at === instant)?.as === 'dip'
  return !there.some((instant) => instant < at && !isDip(instant))
}

function inBatches<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = []
  for (let from = 0, i = 0; from < items.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!)
    batches.push(items.slice(from, from + size))
    from += size
  }
  return batches
}

async function expectTables(
  warehouse: TestWarehouse,
  account: string,
  lives: readonly OracleSnapshot[][],
  decisions: readonly OracleDecision[][],
  days: readonly OracleDay[],
): Promise<void> {
  const deltas = lives.flatMap((series, life) => oracleDeltas(series, decisions[life]!))
  expect((await readDeltas(warehouse, account)).map(asPlainDelta)).toEqual(deltas.map(deltaRow))
  const totals = sums(deltas.map(({ counters }) => counters))
  for (const grain of GRAINS) {
    const rows = (await readTrends(warehouse, grain, account)).map(withoutRates)
    const expected = lives.flatMap((series, life) =>
      oracleTrends(series, decisions[life]!, daysAround(series, days), grain),
    )
    expect(rows).toEqual(expected.map((row) => trendRow(grain, row)))
    expect(sums(rows.map(countersOf))).toEqual(totals)
  }
}

function daysAround(series: readonly OracleSnapshot[], days: readonly OracleDay[]): OracleDay[] {
  const from = series[0]!.at - 40 * DAY_MS
  const to = series.at(-1)!.at + 40 * DAY_MS
  return days.filter(({ start, end }) => end > from && start < to)
}

function sums(rows: readonly (readonly (bigint | null)[])[]): bigint[] {
  return COUNTERS.map((_, i) => rows.reduce((total, row) => total + (row[i] ?? 0n), 0n))
}

const countersOf = (row: Record<string, unknown>) =>
  COUNTERS.map((name) => (row[name] === undefined ? null : BigInt(row[name] as number | string)))

// the form of readDeltas and readTrends: what is null is not there

function deltaRow({ at, previousAt, kind, decided, counters, timespent, extra }: OracleDelta) {
  return {
    ...(previousAt !== null && { previous_at: new Date(previousAt).toISOString() }),
    observed_at: new Date(at).toISOString(),
    kind,
    decided,
    ...counterColumns(counters),
    ...(timespent !== null && { timespent: Number(timespent) }),
    ...(extra !== null && { extra: extra.map(([name, by]) => `${name}: ${by}`) }),
  }
}

function asPlainDelta({ extra, ...row }: Record<string, unknown>) {
  return extra
    ? {
        ...row,
        extra: Object.entries(extra)
          .map(([name, by]) => `${name}: ${by}`)
          .sort(),
      }
    : row
}

function trendRow(
  grain: OracleGrain,
  { bucket, counters, snapshots, corrections, resets, coverage, widestGapMs, timespent }: OracleTrend,
) {
  return {
    [BUCKET_NAME[grain]]: bucket,
    ...counterColumns(counters),
    snapshots,
    corrections,
    resets,
    coverage: Number(coverage.toFixed(9)),
    ...(widestGapMs !== null && { widest_gap_seconds: widestGapMs / 1000 }),
    ...(timespent !== null && { timespent: Number(timespent) }),
  }
}

function withoutRates(row: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.endsWith('_rate')))
}

function counterColumns(counters: readonly (bigint | null)[]) {
  const known = COUNTERS.map((name, i) => [name, counters[i]!] as const).filter(([, value]) => value !== null)
  return Object.fromEntries(
    known.map(([name, value]) => [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)]),
  )
}

async function readCalendar(warehouse: TestWarehouse, from: number, until: number): Promise<OracleDay[]> {
  const { rows } = await warehouse.pool.query(
    `select day, week, month, starts_at, ends_at from sms.calendar
    where ends_at > $1 and starts_at < $2 order by day`,
    [new Date(from), new Date(until)],
  )
  return rows.map(({ day, week, month, starts_at, ends_at }) => ({
    day,
    week,
    month,
    start: starts_at.getTime(),
    end: ends_at.getTime(),
  }))
}
