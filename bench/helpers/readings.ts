// Made-up answers: totals that rise with every poll, as those of a busy category do.
import type { Reading } from '../../src/counters/names.ts'

/** How much each counter gains per poll, in the order of COUNTERS. */
const PER_POLL = [40, 40, 38, 21, 9, 12, 30, 2, 1, 2, 1, 1]

/** The answer for a category at its poll number `poll`; every value differs from the poll before. */
export function readingOf(category: number, poll: number): Reading {
  const own = 1 + (category % 17)
  return {
    counters: PER_POLL.map(
      (gain, i) => 10_000 * own + poll * gain * own + ((poll * (i + 3) + category) % gain),
    ),
    timespent: String(10 + ((category + poll) % 50)), // the provider says whole numbers
    extra: null,
  }
}

export const START_AT = Date.parse('2025-01-01T00:00:07Z')
export const FIVE_MINUTES_MS = 300_000
export const HOUR_MS = 3_600_000

export function categoryNames(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `load-${n}`)
}
