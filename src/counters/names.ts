// The provider's counters, in their one order, and what one answer holds.

/**
 * The cumulative totals, by the provider's names, in the order used everywhere (contract, section 1), with what each
 * counts. A new counter is appended at the end, because stored arrays hold values by position, and needs its columns
 * in a migration; everything else is made from this list.
 */
export const COUNTER_DEFINITIONS = [
  { name: 'sent', label: 'Sent', unit: 'messages', description: 'Messages sent.' },
  {
    name: 'submitted',
    label: 'Submitted',
    unit: 'messages',
    description: 'Messages handed to the operators.',
  },
  {
    name: 'delivered',
    label: 'Delivered',
    unit: 'messages',
    description: 'Messages that reached the phone.',
  },
  {
    name: 'openers',
    label: 'Openers',
    unit: 'recipients',
    description: "Recipients who opened the message's page at least once.",
  },
  {
    name: 'clickers',
    label: 'Clickers',
    unit: 'recipients',
    description: 'Recipients who clicked a link at least once.',
  },
  { name: 'clicks', label: 'Clicks', unit: 'clicks', description: 'Clicks on links, every one counted.' },
  {
    name: 'opens',
    label: 'Opens',
    unit: 'opens',
    description: "Openings of the message's page, every one counted.",
  },
  { name: 'replies', label: 'Replies', unit: 'messages', description: 'Messages that recipients sent back.' },
  {
    name: 'unsubscribers',
    label: 'Unsubscribers',
    unit: 'recipients',
    description: 'Recipients who unsubscribed.',
  },
  { name: 'errors', label: 'Errors', unit: 'messages', description: 'Messages that failed with an error.' },
  {
    name: 'bounced',
    label: 'Bounced',
    unit: 'messages',
    description: 'Messages that could not be delivered to the number.',
  },
  {
    name: 'complaint',
    label: 'Complaints',
    unit: 'complaints',
    description: 'Complaints. The provider does not document what exactly counts as one.',
  },
] as const

export type CounterName = (typeof COUNTER_DEFINITIONS)[number]['name']

export const COUNTERS: readonly CounterName[] = COUNTER_DEFINITIONS.map(({ name }) => name)

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
