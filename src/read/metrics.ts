// The metrics a page can be asked for, by name and kind, and the sorts of buckets (contract, sections 1, 4 and 5).
import { COUNTERS } from '../counters/names.ts'

const RATES = [
  'delivery_rate',
  'error_rate',
  'bounce_rate',
  'open_rate',
  'click_rate',
  'click_to_open_rate',
  'reply_rate',
  'unsubscribe_rate',
  'complaint_rate',
] as const

export const METRICS = [...COUNTERS, 'timespent', ...RATES] as const
export type Metric = (typeof METRICS)[number]
export type MetricKind = 'counter' | 'gauge' | 'rate'

export function kindOf(metric: Metric): MetricKind {
  if (metric === 'timespent') return 'gauge'
  return metric.endsWith('_rate') ? 'rate' : 'counter'
}

const LABELS: Partial<Record<Metric, string>> = {
  complaint: 'Complaints',
  timespent: 'Time spent',
  click_to_open_rate: 'Click-to-open rate',
}

/** As in sms.metrics: `Delivery rate`. */
export function labelOf(metric: Metric): string {
  return LABELS[metric] ?? `${metric[0]!.toUpperCase()}${metric.slice(1).replaceAll('_', ' ')}`
}

export const BUCKETS = ['hour', 'day', 'week', 'month'] as const
export type Bucket = (typeof BUCKETS)[number]

export const VIEWS: Readonly<Record<Bucket, string>> = {
  hour: 'sms.trends_hourly',
  day: 'sms.trends_daily',
  week: 'sms.trends_weekly',
  month: 'sms.trends_monthly',
}

const HOUR_MS = 3_600_000
export const USUAL_MS: Readonly<Record<Bucket, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
}

const WIDE_MS: Readonly<Record<Bucket, number>> = {
  hour: 1.5 * HOUR_MS,
  day: 6 * HOUR_MS,
  week: 24 * HOUR_MS,
  month: 24 * HOUR_MS,
}

/**
 * From how many milliseconds between two snapshots on a bucket of this sort says little of its own time: what
 * grew meanwhile is spread evenly. A slow schedule is no gap, as long as the buckets are not finer than it.
 */
export function wideGapMs(by: Bucket, expectedEveryMs: number | null): number {
  return Math.max(WIDE_MS[by], 2 * Math.min(expectedEveryMs ?? 0, USUAL_MS[by]))
}
