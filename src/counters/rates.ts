// The rates: the growth of one counter divided by that of another (contract, section 4).
import type { CounterName } from './names.ts'

export interface RateDefinition {
  readonly name: string
  readonly label: string
  readonly part: CounterName
  readonly whole: CounterName
  /** What the rate is, as a sentence. */
  readonly description: string
}

export const RATE_DEFINITIONS = [
  {
    name: 'delivery_rate',
    label: 'Delivery rate',
    part: 'delivered',
    whole: 'sent',
    description: 'Share of the sent messages that were delivered.',
  },
  {
    name: 'error_rate',
    label: 'Error rate',
    part: 'errors',
    whole: 'sent',
    description: 'Share of the sent messages that failed.',
  },
  {
    name: 'bounce_rate',
    label: 'Bounce rate',
    part: 'bounced',
    whole: 'sent',
    description: 'Share of the sent messages that bounced.',
  },
  {
    name: 'open_rate',
    label: 'Open rate',
    part: 'openers',
    whole: 'delivered',
    description: 'Openers per delivered message.',
  },
  {
    name: 'click_rate',
    label: 'Click rate',
    part: 'clickers',
    whole: 'delivered',
    description: 'Clickers per delivered message.',
  },
  {
    name: 'click_to_open_rate',
    label: 'Click-to-open rate',
    part: 'clickers',
    whole: 'openers',
    description: 'Clickers per opener.',
  },
  {
    name: 'reply_rate',
    label: 'Reply rate',
    part: 'replies',
    whole: 'delivered',
    description: 'Replies per delivered message.',
  },
  {
    name: 'unsubscribe_rate',
    label: 'Unsubscribe rate',
    part: 'unsubscribers',
    whole: 'delivered',
    description: 'Unsubscribers per delivered message.',
  },
  {
    name: 'complaint_rate',
    label: 'Complaint rate',
    part: 'complaint',
    whole: 'delivered',
    description: 'Complaints per delivered message.',
  },
] as const satisfies readonly RateDefinition[]

export type RateName = (typeof RATE_DEFINITIONS)[number]['name']
