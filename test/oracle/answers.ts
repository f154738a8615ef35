// The views that answer questions once more, day by day and pair by pair: slow, and with nothing of src but the lists of
// counters and rates. They rest on the trends of the other oracle. Instants in epoch milliseconds.
import { COUNTERS } from '../../src/counters/names.ts'
import { RATE_DEFINITIONS } from '../../src/counters/rates.ts'
import type { OracleDay, OracleTrend } from './oracle.ts'

type Values = readonly (bigint | null)[]

/** What is known of one category: its trends, and when it was first and last heard of. */
export interface OracleCategory {
  readonly name: string
  readonly first: number
  readonly newest: number
  readonly hourly: readonly OracleTrend[]
  readonly daily: readonly OracleTrend[]
  readonly weekly: readonly OracleTrend[]
  readonly monthly: readonly OracleTrend[]
}

/** Numbers by the names of columns. */
export type Row = Record<string, string | number | boolean | null>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOTHING: Values = COUNTERS.map(() => null)

function sum(all: readonly Values[]): Values {
  return COUNTERS.map((_, i) => {
    const known = all.map((values) => values[i]!).filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0n)
  })
}

const at = (values: Values, name: string) => values[(COUNTERS as readonly string[]).indexOf(name)]!

function rate(part: bigint | null, whole: bigint | null): number | null {
  return part === null || whole === null || whole === 0n ? null : Number(part) / Number(whole)
}

const countersOf = (values: Values): Row =>
  Object.fromEntries(COUNTERS.map((name, i) => [name, values[i] === null ? null : Number(values[i])]))

const ratesOf = (values: Values): Row =>
  Object.fromEntries(
    RATE_DEFINITIONS.map(({ name, part, whole }) => [name, rate(at(values, part), at(values, whole))]),
  )

const dayBefore = (day: string, days: number) =>
  new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10)
const weekdayOf = (day: string) => new Date(day).getUTCDay() || 7

/** sms.totals_… of one account; `edges`: when each bucket ends. */
export function oracleTotals(
  categories: readonly OracleCategory[],
  grain: 'hourly' | 'daily' | 'weekly' | 'monthly',
  endOf: (bucket: string) => number,
  now: number,
): Row[] {
  const buckets = [...new Set(categories.flatMap((one) => one[grain].map(({ bucket }) => bucket)))].sort()
  return buckets.map((bucket) => {
    const there = categories.filter((one) => one[grain].some((trend) => trend.bucket === bucket))
    const values = sum(there.map((one) => one[grain].find((trend) => trend.bucket === bucket)!.counters))
    return {
      bucket,
      ...countersOf(values),
      categories: there.length,
      is_complete: now >= endOf(bucket) && there.every(({ newest }) => newest >= endOf(bucket)),
      ...ratesOf(values),
    }
  })
}

/** sms.rates_daily of one category. */
export function oracleRates({ daily }: OracleCategory): Row[] {
  return daily.flatMap(({ bucket: day }) =>
    [7, 28].map((days) => {
      const within = daily.filter(({ bucket }) => bucket <= day && bucket > dayBefore(day, days))
      const values = sum(within.map(({ counters }) => counters))
      return { day, days, ...countersOf(values), ...ratesOf(values) }
    }),
  )
}

/** sms.sendings of one category. */
export function oracleSendings({ daily }: OracleCategory): Row[] {
  const busy = daily.filter(({ counters }) => (at(counters, 'sent') ?? 0n) > 0n).map(({ bucket }) => bucket)
  const firsts = busy.filter((day, i) => i === 0 || Date.parse(day) - Date.parse(busy[i - 1]!) >= 3 * DAY_MS)
  return firsts.map((first, i) => {
    const next = firsts[i + 1]
    const own = daily.filter(({ bucket }) => bucket >= first && (next === undefined || bucket < next))
    const all = sum(own.map(({ counters }) => counters))
    const row: Row = {
      first_day: first,
      last_day: busy.filter((day) => day >= first && (next === undefined || day < next)).at(-1)!,
      sent: Number(at(all, 'sent')),
      delivered: at(all, 'delivered') === null ? null : Number(at(all, 'delivered')),
    }
    const RATES = { openers: 'open', clickers: 'click', replies: 'reply', unsubscribers: 'unsubscribe' }
    for (const days of [1, 3, 7, 28])
      for (const [name, stem] of Object.entries(RATES)) {
        const within = own.filter(({ bucket }) => bucket <= dayBefore(first, 1 - days))
        const gained = at(sum(within.map(({ counters }) => counters)), name)
        row[`${name}_${days}d`] = gained === null ? null : Number(gained)
        row[`${stem}_rate_${days}d`] = rate(gained, at(all, 'delivered'))
      }
    return row
  })
}

type Pair = readonly [day: string, before: string]

function pairsOf(today: string): Record<string, Pair[]> {
  const back = (from: number, count: number, by: number): Pair[] =>
    Array.from({ length: count }, (_, i) => {
      const day = dayBefore(today, from + i)
      return [day, dayBefore(day, by)] as const
    })
  const month: Pair[] = []
  const monthBefore = dayBefore(`${today.slice(0, 7)}-01`, 1).slice(0, 7)
  for (let n = 1; n <= Number(today.slice(8)); n++) {
    const before = `${monthBefore}-${String(n).padStart(2, '0')}`
    const exists = new Date(`${before}T00:00:00Z`).getUTCDate() === n
    if (exists) month.push([`${today.slice(0, 8)}${String(n).padStart(2, '0')}`, before])
  }
  return {
    today: back(0, 1, 7),
    yesterday: back(1, 1, 7),
    this_week: back(0, weekdayOf(today), 7),
    this_month: month,
    last_7_days: back(1, 7, 7),
    last_28_days: back(1, 28, 28),
  }
}

/** sms.comparisons of one account. */
export function oracleComparisons(
  categories: readonly OracleCategory[],
  days: readonly OracleDay[],
  now: number,
): Row[] {
  const today = days.find(({ start, end }) => start <= now && now < end)!.day
  const sides = categories.flatMap((category) => {
    const known = Math.min(now, category.newest)
    const last = days.find(({ start, end }) => start <= known && known < end)!
    const hours = Math.floor((known - last.start) / HOUR_MS)
    const partOf = (day: string, isWhole: boolean): Values => {
      const whole = category.daily.find(({ bucket }) => bucket === day)?.counters ?? NOTHING
      if (isWhole) return whole
      const { start } = days.find((one) => one.day === day)!
      const early = category.hourly.filter(({ bucket }) => {
        const hour = (Date.parse(bucket) - start) / HOUR_MS
        return hour >= 0 && hour < hours && days.find((one) => one.day === day)!.end > Date.parse(bucket)
      })
      return sum(early.map(({ counters }) => counters))
    }
    return Object.entries(pairsOf(today)).map(([period, pairs]) => {
      const elapsed = pairs.filter(([day]) => day <= last.day)
      const side = (which: 0 | 1) => sum(elapsed.map((pair) => partOf(pair[which], pair[0] < last.day)))
      return { category: category.name as string | null, period, value: side(0), previous: side(1) }
    })
  })
  const totals = [...Map.groupBy(sides, ({ period }) => period)].map(([period, of]) => ({
    category: null,
    period,
    value: sum(of.map(({ value }) => value)),
    previous: sum(of.map(({ previous }) => previous)),
  }))
  return [...sides, ...totals].flatMap(({ category, period, value, previous }) => {
    const [now, before] = [value, previous].map((of): Row => ({ ...countersOf(of), ...ratesOf(of) }))
    return Object.keys(now!).map((metric) => {
      const [is, was] = [now![metric] as number | null, before![metric] as number | null]
      const change = is === null || was === null ? null : is - was
      return {
        category,
        period,
        metric,
        value: is,
        previous: was,
        change,
        change_ratio: change === null || was === 0 ? null : change / was!,
      }
    })
  })
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!
}

interface Expectation {
  readonly expected: number
  readonly unit: number
  readonly leastBand: number
  readonly samples: number
}

/** What `values` of like days say of the next one; null where there are too few. */
export function expectation(values: readonly number[], isRate: boolean): Expectation | null {
  if (values.length < 4) return null
  const expected = median(values)
  const unit = 1.4826 * median(values.map((value) => Math.abs(value - expected)))
  const leastBand = isRate ? 0.02 : Math.sqrt(Math.max(expected, 0))
  return { expected, unit, leastBand, samples: values.length }
}

/** sms.expected_daily and sms.anomalies of one category. */
export function oracleExpected(
  { daily, newest }: OracleCategory,
  days: readonly OracleDay[],
  now: number,
  longestIntervalMs: number | null,
): { expected: Row[]; anomalies: Row[] } {
  const ends = new Map(days.map(({ day, end }) => [day, end]))
  const today = days.find(({ start, end }) => start <= now && now < end)!.day
  const isComplete = (day: string) => now >= ends.get(day)! && newest >= ends.get(day)!
  const widest = Math.max(6 * HOUR_MS, 2 * (longestIntervalMs ?? 0))
  const expected: Row[] = []
  const anomalies: Row[] = []
  const metrics = [
    ...COUNTERS.map((name) => ({ name: name as string, part: name, whole: null })),
    ...RATE_DEFINITIONS,
  ]
  for (const { name, part, whole } of metrics) {
    const metricOf = ({ counters }: OracleTrend) => {
      if (whole === null) return at(counters, part) === null ? null : Number(at(counters, part))
      const denominator = at(counters, whole)
      return denominator === null || denominator < 30n ? null : rate(at(counters, part), denominator)
    }
    for (const day of daily) {
      const value = metricOf(day)
      if (value === null) continue
      const like = daily.filter(
        ({ bucket, widestGapMs }) =>
          bucket < day.bucket &&
          weekdayOf(bucket) === weekdayOf(day.bucket) &&
          isComplete(bucket) &&
          widestGapMs !== null &&
          widestGapMs <= widest,
      )
      const found = expectation(
        like
          .map(metricOf)
          .filter((one) => one !== null)
          .slice(-8),
        whole !== null,
      )
      if (found === null) continue
      const band = Math.max(4 * found.unit, found.leastBand)
      const row = {
        day: day.bucket,
        metric: name,
        value,
        expected: found.expected,
        low: found.expected - band,
        high: found.expected + band,
      }
      expected.push({ ...row, samples: found.samples })
      const unit = Math.max(found.unit, found.leastBand / 4)
      const isNamed =
        name === 'sent' || /^(delivery|error|bounce|click|unsubscribe|complaint)_rate$/.test(name)
      const distance = Math.abs(value - found.expected)
      if (isNamed && isComplete(day.bucket) && day.bucket >= dayBefore(today, 90) && distance > band)
        anomalies.push({ ...row, score: unit === 0 ? null : distance / unit })
    }
  }
  return { expected, anomalies }
}
