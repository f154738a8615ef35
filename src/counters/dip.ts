// Dips: an outage of the provider that shows as a fall to almost nothing and a recovery in one step.
// Rule 5 of the contract's section 3, asked one snapshot at a time. Pure; instants in epoch milliseconds.
import type { Counters, Snapshot } from './names.ts'
import type { Decision, Standing } from './step.ts'

const HOUR_MS = 3_600_000
const LONGEST_DIP_MS = 24 * HOUR_MS
/** Where polls are far apart, a dip of a single snapshot may last longer. */
const LONGEST_SINGLE_DIP_MS = 7 * 24 * HOUR_MS

/** How far the rule reaches: snapshots that are further apart cannot change each other's kind. */
export const DIP_REACH_MS = LONGEST_SINGLE_DIP_MS

/** A fall that is a dip if a recovery comes in time. */
export interface DipCandidate {
  /** The first low snapshot. */
  readonly at: number
  /** The snapshot that the walk stood at before it. */
  readonly standingAt: number
  /** The last known values before it, for the counters known in all snapshots since; else null. */
  readonly base: Counters
  /** Σ of the last known values of all counters before it. */
  readonly total: bigint
  /** How many low snapshots there are so far, decided dips left out. */
  readonly lowSnapshots: number
}

/** The candidate that begins at `snapshot`, which follows `standing`; null if no dip can begin there. */
export function suspectDip(standing: Standing | null, snapshot: Snapshot): DipCandidate | null {
  if (standing === null || !hasFallBelowTenth(standing.last, snapshot.counters)) return null
  const total = sum(standing.last)
  const base = onlyKnownIn(snapshot.counters, standing.last)
  if (!mayBeLow(snapshot.counters, base, total)) return null
  return { at: snapshot.at, standingAt: standing.at, base, total, lowSnapshots: 1 }
}

/**
 * What the next snapshot does to a candidate. `recovered`: the values came back to nine tenths, so the candidate is a
 * dip if all snapshots before this one were low (`wasLow`). `next`: the candidate if this was no recovery; null once
 * no later snapshot can make it a dip.
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

/** Whether the snapshot is below a tenth of what was known before, over the counters of a recovered candidate. */
export function wasLow(snapshot: Snapshot, { base }: DipCandidate): boolean {
  return 10n * sumWhereKnown(snapshot.counters, base) < sum(base)
}

function hasFallBelowTenth(last: Counters, values: Counters): boolean {
  return values.some((value, i) => value !== null && last[i] != null && 10 * value < last[i])
}

/**
 * Whether some of the counters in `base` that make up half of `total` can together be below a tenth. Later snapshots
 * may leave counters out, and only the counters that all of them have count. The last counter is taken in part, so
 * true may be wrong, but false is certain.
 */
function mayBeLow(values: Counters, base: Counters, total: bigint): boolean {
  const counters = base.flatMap((before, i) => {
    const value = values[i]!
    return before === null || value === null || before === 0
      ? []
      : [{ before: BigInt(before), value: BigInt(value) }]
  })
  counters.sort((a, b) => compare(a.value * b.before, b.value * a.before)) // by value / before
  let held = 0n // Σ before of what is taken so far
  let surplus = 0n // 10 · Σ values − Σ before of it
  for (const { before, value } of counters) {
    const own = 10n * value - before
    if (own >= 0n && 2n * held >= total) break
    const missing = total - 2n * held // twice what is still missing to hold half
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
