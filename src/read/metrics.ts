// The metrics by name: which there are, of which kind, and what people call them (sms.metrics).
import { COUNTERS, type CounterName } from '../counters/names.ts'
import { RATE_DEFINITIONS, type RateName } from '../counters/rates.ts'
import { DICTIONARY, type MetricDefinition, type MetricKind } from '../warehouse/schema/dictionary.ts'

export type MetricName = CounterName | 'timespent' | RateName

/** In the order used everywhere. */
export const METRICS: readonly MetricName[] = [
  ...COUNTERS,
  'timespent',
  ...RATE_DEFINITIONS.map(({ name }) => name),
]

const BY_NAME: ReadonlyMap<string, MetricDefinition> = new Map(
  DICTIONARY.map((metric) => [metric.name, metric]),
)

export const kindOf = (name: MetricName): MetricKind => BY_NAME.get(name)!.kind

/** `Delivery rate`. */
export const labelOf = (name: MetricName): string => BY_NAME.get(name)!.label

/** The rows of sms.metrics, in their order. */
export const metricObjects = DICTIONARY.map(({ name, ...rest }) => ({ metric: name, ...rest }))
