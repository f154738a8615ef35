// The contract's sections 3 and 4 once more, sentence by sentence: slow, exact, and with nothing of src but
// the list of counters. What it says of a set of snapshots and decisions is what the tables must hold.
// Instants in epoch milliseconds at the door, in microseconds within.
import { COUNTERS } from '../../src/counters/names.ts'

export interface OracleSnapshot {
  readonly at: number
  readonly counters: readonly (number | null)[]
  /** A plain decimal. */
  readonly timespent: string | null
  /** JSON text of an object. */
  readonly extra: string | null
}

export interface OracleDecision {
  readonly at: number
  readonly as: string
}

/** A row of sms.calendar. */
export interface OracleDay {
  readonly day: string
  readonly week: string
  readonly month: string
  readonly start: number
  readonly end: number
}

export interface OracleDelta {
  readonly at: number
  readonly previousAt: number | null
  readonly kind: string
  readonly decided: boolean
  readonly counters: readonly (bigint | null)[]
  readonly timespent: string | null
  /** By name, in the order of the names. */
  readonly extra: readonly (readonly [string, bigint])[] | null
}

export interface OracleTrend {
  /** The hour's instant in ISO form, or the first day of the day, week or month. */
  readonly bucket: string
  readonly counters: readonly (bigint | null)[]
  readonly snapshots: number
  readonly corrections: number
  readonly resets: number
  readonly coverage: number
  readonly widestGapMs: number | null
  readonly timespent: string | null
}

type Known = ReadonlyMap<string, bigint>

interface Standing {
  readonly at: number
  readonly counters: Known
  readonly extra: Known
  readonly timespent: string | null
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The rows of sms.deltas of one category. `snapshots` in any order; `decisions` in the order of recording. */
export function oracleDeltas(
  snapshots: readonly OracleSnapshot[],
  decisions: readonly OracleDecision[],
): OracleDelta[] {
  const series = snapshots.toSorted((a, b) => a.at - b.at)
  const decided = decisionsThatHold(decisions)
  const rows: OracleDelta[] = []
  let stood: Standing | null = null

  const skip = (snapshot: OracleSnapshot) =>
    rows.push(withoutChange('dip', snapshot, stood, decided.has(snapshot.at)))

  for (let i = 0; i < series.length; ) {
    const snapshot = series[i]!
    const decision = decided.get(snapshot.at)
    // rule 8: skipped
    if (decision === 'dip') {
      skip(snapshot)
      i += 1
      continue
    }
    // rule 1: the baseline; rule 8: a decision has no effect and no row on what becomes the first
    if (stood === null) {
      stood = startingAt(snapshot)
      i += 1
      continue
    }
    // rule 5, before rule 2
    const j = endOfDip(series, i, stood, decided)
    if (j !== null) {
      for (; i < j; i++) skip(series[i]!)
      continue
    }
    if (decision === 'baseline') {
      rows.push(withoutChange('baseline', snapshot, stood, true))
      stood = startingAt(snapshot)
    } else {
      const { row, next } = change(stood, snapshot, decision)
      rows.push(row)
      stood = next
    }
    i += 1
  }
  return rows
}

function decisionsThatHold(decisions: readonly OracleDecision[]): Map<number, string> {
  const held = new Map<number, string>()
  for (const { at, as } of decisions) {
    if (as === 'auto') held.delete(at)
    else held.set(at, as)
  }
  return held
}

/** Rule 5: the index of the snapshot that comes back, if a dip begins at `i`. */
function endOfDip(
  series: readonly OracleSnapshot[],
  i: number,
  stood: Standing,
  decided: ReadonlyMap<number, string>,
): number | null {
  if (decided.has(series[i]!.at)) return null
  // A sum below a tenth needs a counter below a tenth; without this line a year of polls takes for ever.
  if (![...countersOf(series[i]!)].some(([name, value]) => 10n * value < (stood.counters.get(name) ?? 0n)))
    return null
  const low: OracleSnapshot[] = []
  for (let j = i + 1; j < series.length; j++) {
    const back = series[j]!
    const before = series[j - 1]!
    if (decided.get(before.at) !== 'dip') low.push(before)
    const decision = decided.get(back.at)
    if (decision === 'dip') continue
    if (decision !== undefined || back.at - stood.at > 7 * DAY_MS) return null
    if (low.length > 1 && back.at - stood.at > DAY_MS) return null
    const names = [...stood.counters.keys()].filter((name) =>
      [...low, back].every((snapshot) => countersOf(snapshot).has(name)),
    )
    const last = sum(stood.counters, names)
    if (2n * last < sum(stood.counters, [...stood.counters.keys()])) return null // can only get less
    if (!low.every((snapshot) => 10n * sum(countersOf(snapshot), names) < last)) continue
    if (10n * sum(countersOf(back), names) >= 9n * last) return j
  }
  return null
}

/** Rules 2 to 4, 6 and 7, and rule 8 for `reset` and `correction`. */
function change(
  stood: Standing,
  snapshot: OracleSnapshot,
  decision: string | undefined,
): { row: OracleDelta; next: Standing } {
  const values = countersOf(snapshot)
  const extraValues = extraOf(snapshot)
  const isReset = decision === undefined ? isResetByRule(stood.counters, values) : decision === 'reset'
  const last = isReset ? allZero(stood.counters) : stood.counters
  const lastExtra = isReset ? allZero(stood.extra) : stood.extra

  const counters = COUNTERS.map((name) => difference(values.get(name), last.get(name)))
  const hasFallen = counters.some((by) => by !== null && by < 0n)
  const extra = [...extraValues.keys()]
    .filter((name) => lastExtra.has(name))
    .sort()
    .map((name) => [name, extraValues.get(name)! - lastExtra.get(name)!] as const)
  return {
    row: {
      at: snapshot.at,
      previousAt: stood.at,
      kind: decision ?? (isReset ? 'reset' : hasFallen ? 'correction' : 'growth'),
      decided: decision !== undefined,
      counters,
      timespent:
        snapshot.timespent === null || stood.timespent === null
          ? null
          : decimalDifference(snapshot.timespent, stood.timespent),
      extra: extra.length > 0 ? extra : null,
    },
    next: {
      at: snapshot.at,
      counters: new Map([...last, ...values]),
      extra: new Map([...lastExtra, ...extraValues]),
      timespent: snapshot.timespent ?? stood.timespent,
    },
  }
}

function isResetByRule(last: Known, values: Known): boolean {
  const known = [...last.keys()].filter((name) => values.has(name))
  const lastOfKnown = sum(last, known)
  return 2n * lastOfKnown >= sum(last, [...last.keys()]) && 2n * sum(values, known) < lastOfKnown
}

function withoutChange(
  kind: string,
  { at }: OracleSnapshot,
  stood: Standing | null,
  decided: boolean,
): OracleDelta {
  const counters = COUNTERS.map(() => null)
  return { at, previousAt: stood?.at ?? null, kind, decided, counters, timespent: null, extra: null }
}

function startingAt(snapshot: OracleSnapshot): Standing {
  const { at, timespent } = snapshot
  return { at, counters: countersOf(snapshot), extra: extraOf(snapshot), timespent }
}

function countersOf({ counters }: OracleSnapshot): Known {
  const known = new Map<string, bigint>()
  for (const [i, name] of COUNTERS.entries()) {
    const value = counters[i]
    if (value !== null && value !== undefined) known.set(name, BigInt(value))
  }
  return known
}

function extraOf({ extra }: OracleSnapshot): Known {
  const known = new Map<string, bigint>()
  for (const [name, value] of Object.entries(JSON.parse(extra ?? '{}'))) {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) known.set(name, BigInt(value))
  }
  return known
}

function sum(values: Known, names: readonly string[]): bigint {
  return names.reduce((total, name) => total + values.get(name)!, 0n)
}

function allZero(values: Known): Known {
  return new Map([...values.keys()].map((name) => [name, 0n]))
}

function difference(value: bigint | undefined, last: bigint | undefined): bigint | null {
  return value === undefined || last === undefined ? null : value - last
}

const DECIMALS = 40

function decimalDifference(value: string, before: string): string {
  return decimalText(scaled(value) - scaled(before))
}

function scaled(decimal: string): bigint {
  const [whole, fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(DECIMALS, '0'))
}

function decimalText(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}${fraction && `.${fraction}`}`
}

export type OracleGrain = 'hourly' | 'daily' | 'weekly' | 'monthly'

/** The rows of a trend view of one category; `days` ascending, all whole weeks and months around the series. */
export function oracleTrends(
  snapshots: readonly OracleSnapshot[],
  decisions: readonly OracleDecision[],
  days: readonly OracleDay[],
  grain: OracleGrain,
): OracleTrend[] {
  if (snapshots.length === 0) return []
  const series = snapshots.toSorted((a, b) => a.at - b.at)
  const deltas = oracleDeltas(snapshots, decisions)
  const dips = new Set(deltas.filter(({ kind }) => kind === 'dip').map(({ at }) => at))
  const first = series[0]!.at
  const last = series.at(-1)!.at
  return bucketsOf(days, grain)
    .filter(({ start, end }) => {
      const holdsSnapshot = series.some(({ at }) => at >= start && at < end)
      return holdsSnapshot || (first < end && last > start)
    })
    .map(({ name, start, end }) => {
      const within = series.filter(({ at }) => at >= start && at < end)
      const intervals = deltas.filter(({ kind, previousAt }) => kind !== 'dip' && previousAt !== null)
      const reaching = intervals.filter(({ at, previousAt }) => previousAt! < end && at > start)
      const covered = Math.max(0, Math.min(last, end) - Math.max(first, start))
      return {
        bucket: name,
        counters: COUNTERS.map((_, i) => {
          const known = reaching.filter(({ counters }) => counters[i] !== null)
          if (known.length === 0) return null
          return known.reduce((total, delta) => total + gained(delta, i, end) - gained(delta, i, start), 0n)
        }),
        snapshots: within.length,
        corrections: countOf('correction', deltas, start, end),
        resets: countOf('reset', deltas, start, end),
        coverage: covered / (end - start),
        widestGapMs: reaching.reduce<number | null>(
          (widest, { at, previousAt }) => Math.max(widest ?? 0, at - previousAt!),
          null,
        ),
        timespent:
          within.findLast(({ at, timespent }) => timespent !== null && !dips.has(at))?.timespent ?? null,
      }
    })
}

function countOf(wanted: string, deltas: readonly OracleDelta[], start: number, end: number): number {
  return deltas.filter(({ kind, at }) => kind === wanted && at >= start && at < end).length
}

/** What the delta adds to A by `at`: 0 before its interval, all after it, in between the rounded part. */
function gained({ at: endAt, previousAt, counters }: OracleDelta, counter: number, at: number): bigint {
  const change = counters[counter]!
  if (at <= previousAt!) return 0n
  if (at >= endAt) return change
  const elapsed = micros(at) - micros(previousAt!)
  return roundedQuotient(change * elapsed, micros(endAt) - micros(previousAt!))
}

const micros = (at: number) => 1000n * BigInt(at)

/** Half away from zero; `denominator` > 0. */
function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator
  const whole = size / denominator
  const rounded = 2n * (size - whole * denominator) >= denominator ? whole + 1n : whole
  return numerator < 0n ? -rounded : rounded
}

function bucketsOf(
  days: readonly OracleDay[],
  grain: OracleGrain,
): { name: string; start: number; end: number }[] {
  switch (grain) {
    case 'hourly':
      return days.flatMap(hoursOf)
    case 'daily':
      return days.map(({ day, start, end }) => ({ name: day, start, end }))
    default: {
      const periods = Map.groupBy(days, ({ week, month }) => (grain === 'weekly' ? week : month))
      return [...periods].map(([name, ofIt]) => ({ name, start: ofIt[0]!.start, end: ofIt.at(-1)!.end }))
    }
  }
}

function hoursOf({ start, end }: OracleDay): { name: string; start: number; end: number }[] {
  const hours = []
  for (let hour = start; hour < end; hour += HOUR_MS)
    hours.push({ name: new Date(hour).toISOString(), start: hour, end: Math.min(hour + HOUR_MS, end) })
  return hours
}
