// The rows of sms.metrics: what every metric means. Made from the lists of counters and rates.
import pg from 'pg'
import { COUNTER_DEFINITIONS } from '../../counters/names.ts'
import { RATE_DEFINITIONS } from '../../counters/rates.ts'

export type MetricKind = 'counter' | 'gauge' | 'rate'

export interface MetricDefinition {
  readonly name: string
  readonly kind: MetricKind
  readonly label: string
  readonly description: string
  readonly unit: string
  /** What is divided by what; null where the provider reports the metric itself. */
  readonly formula: string | null
}

const NOT_WITHIN_ONE =
  'Negative or above 1 is possible around corrections; null where the denominator is zero or unknown.'

/** All metrics, in the order used everywhere. */
export const DICTIONARY: readonly MetricDefinition[] = [
  ...COUNTER_DEFINITIONS.map((counter): MetricDefinition => ({ ...counter, kind: 'counter', formula: null })),
  {
    name: 'timespent',
    kind: 'gauge',
    label: 'Time spent',
    description: 'A level, not a total. The provider does not document its unit.',
    unit: 'unknown',
    formula: null,
  },
  ...RATE_DEFINITIONS.map(
    ({ name, label, part, whole, description }): MetricDefinition => ({
      name,
      kind: 'rate',
      label,
      description: `${description} ${NOT_WITHIN_ONE}`,
      unit: 'ratio',
      formula: `${part} / ${whole}`,
    }),
  ),
]

/** Replaces the rows of sms.metrics. */
export function dictionarySql(): string {
  const rows = DICTIONARY.map(({ name, kind, label, description, unit, formula }, i) => {
    const texts = [name, kind, label, description, unit].map((text) => pg.escapeLiteral(text))
    return `(${texts.join(', ')}, ${formula === null ? 'null' : pg.escapeLiteral(formula)}, ${i + 1})`
  })
  return `delete from sms.metrics;
insert into sms.metrics (metric, kind, label, description, unit, formula, position) values
  ${rows.join(',\n  ')};`
}
