// A steady stream of messages with the rhythm of days and weeks: codes, reminders, notices.

import { COUNTERS, type CounterName } from '../counters/names.ts'
import { clumpyDaysAt, MINUTE_MS } from './clock.ts'
import { chance, seedFor } from './random.ts'
import { FIRST_DAY, type Manners, outcomeOf, runningSums, type Totals } from './totals.ts'

/** How long after sending each counter grows. */
const LAG_MS: Readonly<Record<CounterName, number>> = {
  sent: 0,
  submitted: 1_000,
  delivered: 9_000,
  openers: 25 * MINUTE_MS,
  clickers: 26 * MINUTE_MS,
  clicks: 26 * MINUTE_MS,
  opens: 25 * MINUTE_MS,
  replies: 12 * MINUTE_MS,
  unsubscribers: 35 * MINUTE_MS,
  errors: 90_000,
  bounced: 4 * MINUTE_MS,
  complaint: 50 * MINUTE_MS,
}
const LAGS_MS = COUNTERS.map((name) => LAG_MS[name])

/** Returns the totals of a stream. `sentOn` returns the messages of a day, `course` how they are spread over it. */
export function stream(
  seed: number,
  sentOn: (day: number) => number,
  course: (partOfDay: number) => number,
  manners: Manners,
): Totals {
  const outcomeSeed = seedFor(seed, 'outcome')
  const clumpSeed = seedFor(seed, 'clumps')
  const sums = runningSums((lot) => outcomeOf(Math.round(sentOn(FIRST_DAY + lot)), manners, outcomeSeed, lot))
  return (at) =>
    LAGS_MS.map((lagMs, counter) => {
      const days = clumpyDaysAt(at - lagMs, clumpSeed) - FIRST_DAY
      const lot = Math.floor(days)
      const before = sums(lot)[counter]!
      const ofTheDay = sums(lot + 1)[counter]! - before
      // Without the random part, the only event of a day would always happen in its last second.
      return before + Math.floor(ofTheDay * course(days - lot) + chance(clumpSeed, lot))
    })
}
