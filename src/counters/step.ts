// From one snapshot to the next: rules 1 to 4 and 6 to 8 of the contract's section 3.
// Pure. Instants in epoch milliseconds; counters are integers within ±2^53.
import { decimalDifference } from './decimal.ts'
import { extraTotals } from './extra.ts'
import { COUNTERS, type Counters, type Snapshot } from './names.ts'

/** What a user may decide about a snapshot (contract, section 3, rule 8). */
export const DECISIONS = ['reset', 'correction', 'baseline', 'dip'] as const
export type Decision = (typeof DECISIONS)[number]

export const DELTA_KINDS = ['growth', ...DECISIONS] as const
export type DeltaKind = (typeof DELTA_KINDS)[number]

/** The change from one snapshot to the next; `counters`, `timespent` and `extra` are signed differences. */
export interface Delta {
  /** The snapshot that the walk had reached before; null if there is none. */
  readonly previousAt: number | null
  readonly kind: DeltaKind
  readonly decided: boolean
  readonly counters: Counters
  readonly timespent: string | null
  readonly extra: Totals | null
}

/** The state of a walk: the snapshot that it has reached, and the last known value of each field. */
export interface Standing {
  readonly at: number
  readonly last: Counters
  readonly timespent: string | null
  readonly extra: Totals | null
}

/** Unknown fields with integer values: the value, or its change, by name. No prototype, as any name is possible. */
export type Totals = Readonly<Record<string, number>>

export interface Step {
  readonly standing: Standing | null
  /** Null for a first snapshot: the baseline has no delta. */
  readonly delta: Delta | null
}

const UNKNOWN: Counters = Object.freeze(COUNTERS.map(() => null))

/** Steps from `standing` (null at the start of a series) to `snapshot`. Undecided dips are found in walk.ts. */
export function step(standing: Standing | null, snapshot: Snapshot, decision: Decision | undefined): Step {
  if (decision === 'dip') return { standing, delta: withoutChange('dip', true, standing) }
  if (standing === null) return { standing: startAt(snapshot), delta: null }
  if (decision === 'baseline') {
    return { standing: startAt(snapshot), delta: withoutChange('baseline', true, standing) }
  }
  const isReset =
    decision === undefined ? fellBelowHalf(standing.last, snapshot.counters) : decision === 'reset'
  const last = isReset ? standing.last.map(toZero) : standing.last
  const lastExtra = isReset ? setBack(standing.extra) : standing.extra
  const extra = extraTotals(snapshot.extra)
  const counters = differences(snapshot.counters, last)
  return {
    standing: {
      at: snapshot.at,
      last: snapshot.counters.map((value, i) => value ?? last[i]!),
      timespent: snapshot.timespent ?? standing.timespent,
      extra: merged(lastExtra, extra),
    },
    delta: {
      previousAt: standing.at,
      kind: decision ?? (isReset ? 'reset' : counters.some(isNegative) ? 'correction' : 'growth'),
      decided: decision !== undefined,
      counters,
      timespent: decimalDifference(snapshot.timespent, standing.timespent),
      extra: extraDifferences(extra, lastExtra),
    },
  }
}

/** Returns the delta of a snapshot that changes nothing: a dip, or a decided baseline. */
export function withoutChange(kind: 'dip' | 'baseline', decided: boolean, standing: Standing | null): Delta {
  return {
    previousAt: standing?.at ?? null,
    kind,
    decided,
    counters: UNKNOWN,
    timespent: null,
    extra: null,
  }
}

/** Rule 2: the counters known on both sides made up at least half of the total, and fell below half of their sum. */
function fellBelowHalf(last: Counters, values: Counters): boolean {
  if (!values.some((value, i) => value !== null && last[i] != null && value < last[i])) return false
  let total = 0n
  let lastOfKnown = 0n
  let valuesOfKnown = 0n
  for (const [i, before] of last.entries()) {
    if (before === null) continue
    total += BigInt(before)
    const value = values[i]!
    if (value === null) continue
    lastOfKnown += BigInt(before)
    valuesOfKnown += BigInt(value)
  }
  return 2n * lastOfKnown >= total && 2n * valuesOfKnown < lastOfKnown
}

function startAt(snapshot: Snapshot): Standing {
  return {
    at: snapshot.at,
    last: snapshot.counters,
    timespent: snapshot.timespent,
    extra: extraTotals(snapshot.extra),
  }
}

const toZero = (value: number | null) => (value === null ? null : 0)
const isNegative = (change: number | null) => change !== null && change < 0

function differences(values: Counters, last: Counters): Counters {
  return values.map((value, i) => {
    const before = last[i]!
    return value === null || before === null ? null : value - before
  })
}

function setBack(extra: Totals | null): Totals | null {
  return extra && totalsOf(Object.keys(extra).map((name) => [name, 0]))
}

function merged(last: Totals | null, values: Totals | null): Totals | null {
  if (last === null || values === null) return values ?? last
  return totalsOf([...Object.entries(last), ...Object.entries(values)])
}

function extraDifferences(values: Totals | null, last: Totals | null): Totals | null {
  if (values === null || last === null) return null
  const known = Object.entries(values).filter(([name]) => Object.hasOwn(last, name))
  return known.length === 0 ? null : totalsOf(known.map(([name, value]) => [name, value - last[name]!]))
}

function totalsOf(entries: [string, number][]): Totals {
  const totals: Record<string, number> = Object.create(null)
  for (const [name, value] of entries) totals[name] = value
  return totals
}
