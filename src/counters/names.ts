// The provider's counters, in their one order, and what one answer holds.

/** The 12 cumulative totals, by the provider's names, in the order used everywhere (contract, section 1). */
export const COUNTERS = [
  'sent',
  'submitted',
  'delivered',
  'openers',
  'clickers',
  'clicks',
  'opens',
  'replies',
  'unsubscribers',
  'errors',
  'bounced',
  'complaint',
] as const

export type CounterName = (typeof COUNTERS)[number]

/** A value per counter, in the order of COUNTERS: an integer 0 … 2^53−1, or null where it is unknown. */
export type Counters = readonly (number | null)[]

/** What the provider reported for one category at one instant. */
export interface Reading {
  readonly counters: Counters
  /** The gauge, as a plain decimal ("12.5"), exact; null where unknown. */
  readonly timespent: string | null
  /** The unknown fields as JSON text that jsonb accepts; null where there were none. */
  readonly extra: string | null
}

/** A reading with its instant: `at` in epoch milliseconds, by this machine's clock. */
export interface Snapshot extends Reading {
  readonly at: number
}
