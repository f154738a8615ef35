// The outcome of a lot (a batch of messages), and the running totals over lots. All counts are whole numbers, so
// rounding never makes a total fall.

import { COUNTERS, type CounterName } from '../counters/names.ts'
import { between, chance } from './random.ts'

/** A value per counter, in the order of COUNTERS. */
export type Counts = readonly number[]

/** The cumulative totals of a category at an instant (epoch milliseconds). */
export type Totals = (at: number) => Counts

/** How the recipients of a category behave: shares of the delivered messages, unless noted otherwise. */
export interface Manners {
  /** of the submitted messages */
  readonly errors: number
  /** of the submitted messages */
  readonly bounced: number
  readonly openers: number
  /** of the openers */
  readonly clickers: number
  readonly replies: number
  readonly unsubscribers: number
}

/** 2024-01-01, a Monday: the sandbox's first day. Before it every total is zero. */
export const FIRST_DAY = 19_723

/** Returns the final counts of a lot: submitted ≤ sent, delivered + errors + bounced = submitted, and so on. */
export function outcomeOf(sent: number, manners: Manners, seed: number, lot: number): Counts {
  let draw = lot * 32
  // An expected count of 0.2 becomes one message in one of five lots.
  const partOf = (count: number, share: number): number => {
    const expected = count * share * between(0.8, 1.2, seed, draw++)
    return Math.min(count, Math.floor(expected + chance(seed, draw++)))
  }
  const submitted = sent - partOf(sent, 0.0008)
  const errors = partOf(submitted, manners.errors)
  const bounced = partOf(submitted - errors, manners.bounced)
  const delivered = submitted - errors - bounced
  const openers = partOf(delivered, manners.openers)
  const clickers = partOf(openers, manners.clickers)
  const outcome: Record<CounterName, number> = {
    sent,
    submitted,
    delivered,
    openers,
    clickers,
    clicks: clickers + partOf(clickers, 0.3),
    opens: openers + partOf(openers, 0.45),
    replies: partOf(delivered, manners.replies),
    unsubscribers: partOf(delivered, manners.unsubscribers),
    errors,
    bounced,
    complaint: partOf(delivered, manners.unsubscribers * 0.04),
  }
  return COUNTERS.map((name) => outcome[name])
}

/** Returns a function for the sums over all lots before the `n`-th (counted from 0), computed once and cached. */
export function runningSums(outcomeOfLot: (lot: number) => Counts): (n: number) => Counts {
  const sums: Counts[] = [COUNTERS.map(() => 0)]
  return (n) => {
    for (let lot = sums.length - 1; lot < n; lot++) {
      const outcome = outcomeOfLot(lot)
      sums.push(sums[lot]!.map((sum, counter) => sum + outcome[counter]!))
    }
    return sums[Math.max(0, n)]!
  }
}
