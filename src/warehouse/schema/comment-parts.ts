// What comments of several views have in common.
import type { Grain } from '../../counters/grains.ts'
import { DICTIONARY, type MetricDefinition } from './dictionary.ts'

/** A comment by column. */
export type Columns = Readonly<Record<string, string>>

export interface Commented {
  readonly comment: string
  readonly columns: Columns
}

/** Every row that belongs to a category begins with these two. */
export const KEY: Columns = {
  account: 'The account that the category belongs to: one API key. "sandbox" holds demo data.',
  category: 'The category: the tag whose totals the provider reports, spelled exactly as there.',
}

/** A comment for each metric of `kinds` that a view has. */
export function metrics(
  textOf: (metric: MetricDefinition) => string,
  kinds: readonly MetricDefinition['kind'][],
): Columns {
  const chosen = DICTIONARY.filter(({ kind }) => kinds.includes(kind))
  return Object.fromEntries(chosen.map((metric) => [metric.name, textOf(metric)]))
}

/** What names the bucket in each grain. */
export const BUCKETS: Readonly<Record<Grain, Columns>> = {
  hour: {
    hour: 'Start of the hour: an instant. Hours are counted from the start of their day, and the last one may be shorter.',
    local_hour:
      'The same by the wall clock of the reporting time zone, which shows one hour twice where clocks go back.',
    day: 'The calendar day that the hour belongs to, in the reporting time zone.',
    hour_of_day: 'The hour of local_hour, 0 to 23.',
  },
  day: {
    day: 'The calendar day of the reporting time zone. Its edges are in sms.calendar.',
    weekday: '1 (Monday) to 7 (Sunday).',
  },
  week: { week: 'The Monday that the week begins with (ISO), in the reporting time zone.' },
  month: { month: 'The first day of the calendar month, in the reporting time zone.' },
}

export const grownIn = (bucket: string) =>
  metrics(
    ({ kind, description, unit }) =>
      `${kind === 'gauge' ? 'Last known level' : 'Growth'} in the ${bucket}. ${description} Unit: ${unit}. Null: unknown, which is not zero.`,
    ['counter', 'gauge'],
  )

export const grownRates = metrics(
  ({ formula, description, unit }) => `${formula}, of what grew in the bucket. ${description} Unit: ${unit}.`,
  ['rate'],
)
