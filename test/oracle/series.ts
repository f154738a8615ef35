// Random lives of a category: growth, resets, corrections, dips of all shapes, gaps of all lengths and
// fields that come and go; everything that the rules tell apart, and the edges between them.
import fc from 'fast-check'
import type { OracleDay, OracleSnapshot } from './oracle.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MOST = Number.MAX_SAFE_INTEGER

const GAPS = [
  1,
  SECOND,
  5 * MINUTE,
  5 * MINUTE,
  5 * MINUTE,
  20 * MINUTE,
  HOUR,
  7 * HOUR,
  11 * HOUR,
  12 * HOUR,
  DAY - 1,
  DAY,
  DAY + 1,
  3 * DAY,
  6 * DAY,
  7 * DAY - 1,
  7 * DAY,
  7 * DAY + 1,
  8 * DAY,
  40 * DAY,
]
const START_TOTALS = [0, 1, 10, 100, 1000, 1000, 12_345, MOST]
const LOW_PERCENT = [0, 0, 0, 5, 9, 10, 11]
const BACK_PERCENT = [88, 89, 90, 91, 100, 101, 150]
const EXTRA_NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'a"b\\', '7', 'pauses']
const EXTRA_VALUES = [
  '0',
  '7',
  '70',
  '4.0',
  '1e2',
  '1.5',
  '-3',
  '"7"',
  'true',
  '[1]',
  '9007199254740991',
  '1e300',
]
const TIMESPENT = ['0', '0.1', '0.3', '12.50', '12.5', '99999999999999999999.25']

/** A bit per counter that an answer leaves out. */
const MISSING = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(4095) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 3, 4) },
)

/** One moment in the life of a category. */
const MOMENT = fc.record({
  gap: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...GAPS) },
    { weight: 1, arbitrary: fc.nat(2 * DAY) },
  ),
  toEdge: fc.nat(9), // 0: at the start of a day, 1: of an hour
  what: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('keep', 'fall', 'reset', 'huge') },
    { weight: 3, arbitrary: fc.constant('grow') },
    { weight: 4, arbitrary: fc.constantFrom('low', 'dip', 'dip', 'back') },
  ),
  lows: fc.integer({ min: 1, max: 4 }), // of a `dip`: so many low answers, five minutes or `gap` apart, and one that is back
  isSlow: fc.boolean(),
  amounts: fc.array(fc.nat(99), { minLength: 12, maxLength: 12 }),
  isEven: fc.boolean(), // all counters alike
  missing: MISSING,
  missingInDip: fc.array(MISSING, { minLength: 4, maxLength: 4 }),
  timespent: fc.option(fc.constantFrom(...TIMESPENT)),
  extra: fc.option(fc.dictionary(fc.constantFrom(...EXTRA_NAMES), fc.constantFrom(...EXTRA_VALUES)), {
    freq: 1,
  }),
})

export interface SeriesLimits {
  readonly firstAt: number
  readonly lastAt: number
  readonly maxLength: number
}

/** An ascending series of at least one snapshot; on the edges of `days` now and then. */
export function seriesOf(
  limits: SeriesLimits,
  days: readonly OracleDay[] = [],
): fc.Arbitrary<OracleSnapshot[]> {
  return fc
    .record({
      birth: birthIn(limits),
      moments: fc.array(MOMENT, { minLength: 1, maxLength: limits.maxLength, size: 'max' }),
    })
    .map(({ birth, moments }) => live(birth, moments, limits, days))
}

/** A long series, polled every so many minutes, in which a few things happen. */
export function longSeriesOf(
  limits: SeriesLimits,
  days: readonly OracleDay[],
): fc.Arbitrary<OracleSnapshot[]> {
  return fc
    .record({
      birth: birthIn(limits),
      pause: fc.constantFrom(5 * MINUTE, 20 * MINUTE, 30 * MINUTE),
      length: fc.integer({ min: Math.round(limits.maxLength * 0.7), max: limits.maxLength }),
      events: fc.array(fc.tuple(fc.nat(), MOMENT), { maxLength: 12, size: 'max' }),
    })
    .map(({ birth, pause, length, events }) => {
      const moments = Array.from({ length }, (_, i) => quietMoment(i, pause))
      for (const [where, moment] of events) moments[placeOf(where, length)] = moment
      return live(birth, moments, limits, days)
    })
}

/** An index into `length` snapshots: anywhere, or near the end, or near where a checkpoint is. */
export function placeOf(where: number, length: number): number {
  const by = Math.floor(where / 3)
  if (where % 3 === 1) return length - 1 - (by % Math.min(3, length))
  if (where % 3 === 2 && length > 600)
    return 512 * (1 + (by % Math.floor(length / 600))) - 6 + (Math.floor(by / 8) % 9)
  return by % length
}

type Moment = typeof MOMENT extends fc.Arbitrary<infer T> ? T : never
type Birth = { start: number; width: number; totals: number[] }

function birthIn({ firstAt, lastAt }: SeriesLimits): fc.Arbitrary<Birth> {
  return fc.record({
    start: fc.integer({ min: firstAt, max: lastAt }),
    width: fc.constantFrom(1, 1, 2, 3, 4, 12), // how many counters the provider reports
    totals: fc.array(fc.constantFrom(...START_TOTALS), { minLength: 12, maxLength: 12 }),
  })
}

function quietMoment(i: number, gap: number): Moment {
  const amounts = Array.from({ length: 12 }, (_, counter) => (i * 7 + counter) % 5)
  return {
    gap,
    toEdge: 9,
    what: 'grow',
    lows: 1,
    isSlow: false,
    amounts,
    isEven: false,
    missing: 0,
    missingInDip: [],
    timespent: null,
    extra: null,
  }
}

function live(
  { start, width, totals }: Birth,
  moments: readonly Moment[],
  { lastAt }: SeriesLimits,
  days: readonly OracleDay[],
): OracleSnapshot[] {
  const series: OracleSnapshot[] = []
  const level = totals.slice(0, width)
  let at = start
  for (const moment of moments.flatMap(inDip)) {
    if (series.length > 0) at = edgeAfter(at, at + Math.max(1, moment.gap), moment.toEdge, days)
    if (at > lastAt && series.length > 0) break
    const { timespent } = moment
    series.push({ at, counters: answer(level, moment), timespent, extra: extraText(moment.extra) })
  }
  return series
}

/** A dip as the moments that it is made of. */
function inDip(moment: Moment): Moment[] {
  if (moment.what !== 'dip') return [moment]
  const { lows, isSlow, gap, amounts, missingInDip } = moment
  return Array.from({ length: lows + 1 }, (_, i) => ({
    ...moment,
    what: i < lows ? 'low' : 'back',
    gap: i === 0 || isSlow ? gap : 5 * MINUTE,
    missing: i < lows ? missingInDip[i]! : moment.missing,
    amounts: [...amounts.slice(i), ...amounts.slice(0, i)],
  }))
}

/** Lives the moment: changes the true totals where they change, and gives what the provider answers. */
function answer(level: number[], { what, amounts, isEven, missing }: Moment): (number | null)[] {
  const amount = (i: number) => amounts[isEven ? 0 : i]!
  const part = (percents: number[], i: number) => percents[amount(i) % percents.length]!
  const shown = level.map((total, i) => {
    switch (what) {
      case 'grow':
        level[i] = Math.min(MOST, total + amount(i) * (i + 1))
        return level[i]!
      case 'fall':
        level[i] = percentOf(total, amount(i))
        return level[i]!
      case 'reset':
        level[i] = amount(i)
        return level[i]!
      case 'huge':
        level[i] = MOST - amount(i)
        return level[i]!
      case 'low':
        return percentOf(total, part(LOW_PERCENT, i))
      case 'back':
        return percentOf(total, part(BACK_PERCENT, i))
      default:
        return total
    }
  })
  const counters = Array.from({ length: 12 }, (_, i) => {
    const isMissing = ((missing >> i) & 1) === 1
    return isMissing ? null : (shown[i] ?? null)
  })
  // an answer without any counter is no snapshot
  return counters.every((value) => value === null) ? [shown[0]!, ...counters.slice(1)] : counters
}

function percentOf(total: number, percent: number): number {
  return Math.min(MOST, Number((BigInt(total) * BigInt(percent)) / 100n))
}

function extraText(extra: Record<string, string> | null): string | null {
  if (extra === null) return null
  return `{${Object.entries(extra).map(([name, value]) => `${JSON.stringify(name)}: ${value}`)}}`
}

function edgeAfter(before: number, at: number, toEdge: number, days: readonly OracleDay[]): number {
  if (toEdge > 1) return at
  const day = days.find(({ start, end }) => start <= at && at < end)
  if (day === undefined) return at
  const edge = toEdge === 0 ? day.start : at - ((at - day.start) % HOUR)
  return edge > before ? edge : at
}

export const DECISION = fc.constantFrom('dip', 'dip', 'reset', 'correction', 'baseline', 'auto')
