// The history of the sandbox, as a running primosync would have recorded it. Demo mode loads it.

import { accountStatsAt } from './account.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './clock.ts'
import { GAP, isDuring } from './incidents.ts'
import { LATE_CATEGORY, SANDBOX_CATEGORIES, type SandboxStats, statsAt } from './lives.ts'

/** How much history demo mode loads. */
export const SANDBOX_HISTORY_MS = 90 * DAY_MS

const RECENT_MS = 2 * DAY_MS
const WATCHED_LATE_MS = 10 * DAY_MS

/** What the sandbox says of the account at an instant (epoch milliseconds). */
export interface SandboxReading {
  readonly at: number
  readonly stats: Readonly<Record<string, number>>
}

/** The answer of the sandbox for a category at an instant (epoch milliseconds). */
export interface SandboxSnapshot {
  readonly category: string
  readonly at: number
  readonly stats: SandboxStats
}

interface HistoryOptions {
  readonly seed: number
  readonly from: number
  readonly until: number
}

/**
 * Yields the sandbox's answers in [from, until), epoch milliseconds: at each full hour, and every five minutes in the
 * last two days; category by category, each in the order of time. There is no answer in GAP (a day and a half, every 80
 * days), and none for LATE_CATEGORY before the last ten days.
 */
export function* sandboxHistory(options: HistoryOptions): Generator<SandboxSnapshot> {
  const { seed, from, until } = options
  const instants = [...pollsBetween(from, until)].filter((at) => !isDuring(GAP, at, seed))
  for (const category of SANDBOX_CATEGORIES) {
    const watchedFrom = category === LATE_CATEGORY ? until - WATCHED_LATE_MS : from
    for (const at of instants) {
      if (at < watchedFrom) continue
      yield { category, at, stats: statsAt(category, at, seed)! }
    }
  }
}

/** Yields what the sandbox says of the account itself at the same instants. */
export function* accountHistory(options: HistoryOptions): Generator<SandboxReading> {
  const { seed, from, until } = options
  for (const at of pollsBetween(from, until)) {
    if (!isDuring(GAP, at, seed)) yield { at, stats: accountStatsAt(at, seed) }
  }
}

function* pollsBetween(from: number, until: number): Generator<number> {
  const recentFrom = Math.max(from, until - RECENT_MS)
  yield* multiplesBetween(from, recentFrom, HOUR_MS)
  yield* multiplesBetween(recentFrom, until, 5 * MINUTE_MS)
}

/** The multiples of `stepMs` in [from, until). */
function* multiplesBetween(from: number, until: number, stepMs: number): Generator<number> {
  for (let at = Math.ceil(from / stepMs) * stepMs; at < until; at += stepMs) yield at
}
