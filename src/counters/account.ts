// The account itself as a series: what the provider reports of a whole account, in the places of a category's counters.
// Pure. All rules look only at what is known, so they need not know which counters a series has.
import { COUNTERS, type CounterName } from './names.ts'

/** What stands for a category's name in the series of an account's own totals. No category is without a name. */
export const ITSELF = ''

export interface AccountCounter {
  /** The provider's name. */
  readonly name: string
  /** The counter of a category whose place it takes. */
  readonly place: CounterName
  readonly description: string
  readonly unit: string
}

/** The cumulative totals of an account, in the order used everywhere (contract, section 1). */
export const ACCOUNT_COUNTERS: readonly AccountCounter[] = [
  { name: 'sent', place: 'sent', description: 'Messages sent.', unit: 'messages' },
  {
    name: 'submitted',
    place: 'submitted',
    description: 'Messages handed to the operators.',
    unit: 'messages',
  },
  {
    name: 'delivered',
    place: 'delivered',
    description: 'Messages that reached the phone.',
    unit: 'messages',
  },
  {
    name: 'undelivered',
    place: 'errors',
    description: 'Messages that did not reach the phone.',
    unit: 'messages',
  },
  {
    name: 'bounces',
    place: 'bounced',
    description: 'Messages that could not be delivered to the number.',
    unit: 'messages',
  },
  {
    name: 'unsubscribers',
    place: 'unsubscribers',
    description: 'Recipients who unsubscribed.',
    unit: 'recipients',
  },
]

/** The gauge of an account, in the place of `timespent`. */
export const CREDITS = 'credits'

/** For each counter of a category the account's counter that takes its place; null where none does. */
export const ACCOUNT_NAMES: readonly (string | null)[] = COUNTERS.map(
  (counter) => ACCOUNT_COUNTERS.find(({ place }) => place === counter)?.name ?? null,
)
