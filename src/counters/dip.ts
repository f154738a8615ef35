// Dips: outages of the provider in which the totals fall to almost nothing and recover in one step. Rule 5 of the
// contract's section 3, applied snapshot by snapshot. Pure; instants in epoch milliseconds.
import type { Counters, Snapshot } from './names.ts'
import type { Decision, Standing } from './step.ts'

const HOUR_MS = 3_600_000
const LONGEST_DIP_MS = 24 * HOUR_MS
/** Where polls are far apart, a dip of a single snapshot may last longer. */
const LONGEST_SINGLE_DIP_MS = 7 * 24 * HOUR_MS

/** How far the rule reaches: snapshots that are further apart do not affect each other's kind. */
export const DIP_REACH_MS = LONGEST_SINGLE_DIP_MS

/** A fall that is a dip if a recovery comes in time. */
export interface DipCandidate {
  /** The first low snapshot. */
  readonly at: number
  /** The snapshot that the walk had reached before it. */
  readonly standingAt: number
  /** The last known values before it; null for a counter that a snapshot since then has left out. */
  readonly base: Counters
  /** The sum of the last known values of all counters before it. */
  readonly total: bigint
  /** How many low snapshots it has so far, not counting those that were decided to be dips. */
  readonly lowSnapshots: number
}

/** Returns the candidate that begins at `snapshot`, which follows `standing`; null if no dip can begin there. */
export function suspectDip(standing: Standing | null, snapshot: Snapshot): DipCandidate | null {
  if (standing === null || !hasFallBelowTenth(standing.last, snapshot.counters)) return null
  const total = sum(standing.last)
  const base = onlyKnownIn(snapshot.counters, standing.last)
  if (!mayBeLow(snapshot.counters, base, total)) return null
  return { at: snapshot.at, standingAt: standing.at, base, total, lowSnapshots: 1 }
}

/**
 * Checks a candidate against the next snapshot. `recovered` is set if the values came back to nine tenths: the
 * candidate is a dip if all snapshots before this one were low (`wasLow`). `next` is the candidate if it is no dip yet;
 * null if no later snapshot can make it one.
 */
export function observe(
  candidate: DipCandidate,
  snapshot: Snapshot,
  decision: Decision | undefined,
): { recovered: DipCandidate | null; next: DipCandidate | null } {
  if (decision === 'dip') return { recovered: null, next: candidate }
  const longestMs = candidate.lowSnapshots === 1 ? LONGEST_SINGLE_DIP_MS : LONGEST_DIP_MS
  const tooLate = snapshot.at - candidate.standingAt > longestMs
  const base = onlyKnownIn(snapshot.counters, candidate.base)
  const baseSum = sum(base)
  if (decision !== undefined || tooLate || 2n * baseSum < candidate.total)
    return { recovered: null, next: null }
  const isBack = 10n * sumWhereKnown(snapshot.counters, base) >= 9n * baseSum
  return {
    recovered: isBack ? { ...candidate, base } : null,
    next: mayBeLow(snapshot.counters, base, candidate.total)
      ? { ...candidate, base, lowSnapshots: candidate.lowSnapshots + 1 }
      : null,
  }
}

/** Whether a snapshot sums up to less than a tenth of the sum before, over the counters of a recovered candidate. */
export function wasLow(snapshot: Snapshot, { base }: DipCandidate): boolean {
  return 10n * sumWhereKnown(snapshot.counters, base) < sum(base)
}

function hasFallBelowTenth(last: Counters, values: Counters): boolean {
  return values.some((value, i) => value !== null && last[i] != null && 10 * value < last[i])
}

/**
 * Whether some of the counters in `base` that make up half of `total` are together below a tenth. Later snapshots may
 * leave counters out, and only the counters that all of them have are compared. The last counter is counted in part,
 * so true may be wrong, but false is certain.
 */
function mayBeLow(values: Counters, base: Counters, total: bigint): boolean {
  const counters = base.flatMap((before, i) => {
    const value = values[i]!
    return before === null || value === null || before === 0
      ? []
      : [{ before: BigInt(before), value: BigInt(value) }]
  })
  counters.sort((a, b) => compare(a.value * b.before, b.value * a.before)) // by value / before
  let held = 0n // the sum of `before` over the counters so far
  let surplus = 0n // ten times the sum of their values, minus `held`
  for (const { before, value } of counters) {
    const own = 10n * value - before
    if (own >= 0n && 2n * held >= total) break
    const missing = total - 2n * held // twice the distance from `held` to half of `total`
    if (own >= 0n && 2n * before > missing) return surplus * 2n * before + own * missing < 0n
    held += before
    surplus += own
  }
  return 2n * held >= total && surplus < 0n
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

function onlyKnownIn(values: Counters, base: Counters): Counters {
  return base.map((before, i) => (values[i] === null ? null : before))
}

function sum(counters: Counters): bigint {
  let total = 0n
  for (const value of counters) if (value !== null) total += BigInt(value)
  return total
}

function sumWhereKnown(values: Counters, base: Counters): bigint {
  let total = 0n
  for (const [i, before] of base.entries()) if (before !== null) total += BigInt(values[i]!)
  return total
}
