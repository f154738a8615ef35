// When a time without snapshots is too long for a bucket to say much of its own time: the one rule for commands,
// pages and API.
import { type Grain, USUAL_SECONDS } from '../counters/grains.ts'

const HOUR_SECONDS = 3_600

const WIDE_SECONDS: Readonly<Record<Grain, number>> = {
  hour: 1.5 * HOUR_SECONDS,
  day: 6 * HOUR_SECONDS,
  week: 24 * HOUR_SECONDS,
  month: 24 * HOUR_SECONDS,
}

/**
 * A gap of more seconds than this is wide in a bucket: what grew in it is spread evenly over it. A slow schedule
 * makes no wide gaps, as long as the buckets are not finer than it. `expectedEverySeconds`: the longest time between two
 * ticks of the schedule; null: not known.
 */
export function wideGapSeconds(grain: Grain, expectedEverySeconds: number | null): number {
  return Math.max(WIDE_SECONDS[grain], 2 * Math.min(expectedEverySeconds ?? 0, USUAL_SECONDS[grain]))
}
