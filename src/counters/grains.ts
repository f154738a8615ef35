// The grains of trends: their names, how long one is, and which bucket a date belongs to. Pure.

export const GRAINS = ['hour', 'day', 'week', 'month'] as const
export type Grain = (typeof GRAINS)[number]

/** What the names of a grain's views end in, as `sms.trends_hourly` does; its bucket is in the column `hour`. */
export const VIEW_ENDINGS = {
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
} as const satisfies Record<Grain, string>

const HOUR_SECONDS = 3_600

/** How long a bucket usually is, in seconds. */
export const USUAL_SECONDS: Readonly<Record<Grain, number>> = {
  hour: HOUR_SECONDS,
  day: 24 * HOUR_SECONDS,
  week: 7 * 24 * HOUR_SECONDS,
  month: 30 * 24 * HOUR_SECONDS,
}

/** `2026-03-01`, one day before: `2026-02-28`. */
export function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(date) - days * 86_400_000).toISOString().slice(0, 10)
}

/** The first day of the bucket that a date belongs to: itself, its Monday, or the first of its month. */
export function bucketOf(grain: 'day' | 'week' | 'month', date: string): string {
  if (grain === 'day') return date
  if (grain === 'month') return `${date.slice(0, 7)}-01`
  const weekday = new Date(date).getUTCDay() || 7
  return daysBefore(date, weekday - 1)
}
