// The sandbox's own past, as a primosync that had been running would have recorded it. Demo mode loads it.

import { DAY_MS, HOUR_MS, MINUTE_MS } from './clock.ts'
import { GAP, isDuring } from './incidents.ts'
import { LATE_CATEGORY, SANDBOX_CATEGORIES, type SandboxStats, statsAt } from './lives.ts'

/** How far back demo mode looks. */
export const SANDBOX_HISTORY_MS = 90 * DAY_MS

const RECENT_MS = 2 * DAY_MS
const WATCHED_LATE_MS = 10 * DAY_MS

/** What the sandbox answered for a category at an instant (epoch milliseconds). */
export interface SandboxSnapshot {
  readonly category: string
  readonly at: number
  readonly stats: SandboxStats
}

/**
 * The sandbox's answers in [from, until), epoch milliseconds: at each full hour, and in the last two days
 * every five minutes. Category after category, each in the order of time. It leaves out a day and a half
 * without polls (which recurs every 80 days), and LATE_CATEGORY before its last ten days.
 */
export function* sandboxHistory(options: {
  seed: number
  from: number
  until: number
}): Generator<SandboxSnapshot> {
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

function* pollsBetween(from: number, until: number): Generator<number> {
  const recentFrom = Math.max(from, until - RECENT_MS)
  yield* multiplesBetween(from, recentFrom, HOUR_MS)
  yield* multiplesBetween(recentFrom, until, 5 * MINUTE_MS)
}

/** The multiples of a step in [from, until): aligned to the clock. */
function* multiplesBetween(from: number, until: number, stepMs: number): Generator<number> {
  for (let at = Math.ceil(from / stepMs) * stepMs; at < until; at += stepMs) yield at
}
