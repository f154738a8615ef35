// Several trends of one category as one. Pure.
import { RATE_DEFINITIONS } from '../counters/rates.ts'
import { exactSum } from './exact-number.ts'
import { kindOf, METRICS, type MetricName } from './metrics.ts'
import type { Trend, Value } from './trends.ts'

/** The buckets as one: sums, rates of the sums, the newest level. */
export function totalOf(trends: readonly Trend[]): Trend['values'] {
  const values: Partial<Record<MetricName, Value>> = {}
  for (const metric of METRICS) {
    const kind = kindOf(metric)
    const known = trends.map((trend) => trend.values[metric] ?? null).filter((value) => value !== null)
    if (kind === 'gauge') values[metric] = known.at(-1) ?? null
    if (kind === 'counter') values[metric] = known.length === 0 ? null : exactSum(known)
  }
  for (const { name, part, whole } of RATE_DEFINITIONS) {
    const [above, below] = [values[part] ?? null, values[whole] ?? null]
    values[name] =
      above === null || below === null || Number(below) === 0 ? null : Number(above) / Number(below)
  }
  return values
}
