// The days of the reporting time zone, as PostgreSQL computed them, and their hours. Pure; instants in epoch
// milliseconds. No time zone rules: a calendar only knows where each day begins and ends.

const HOUR_MS = 3_600_000

/** The UTC date of an instant: `2026-03-01`. */
export function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** A calendar day of the reporting time zone: [start, end). */
export interface Day {
  readonly day: string
  readonly start: number
  readonly end: number
}

/** An hour or a day of the reporting time zone, [start, end), with the day that it belongs to. */
export interface Span extends Day {}

export interface Calendar {
  /** The calendar covers [start, end). */
  readonly start: number
  readonly end: number
  /** Returns the day that contains `at`. Throws a RangeError if the calendar does not cover `at`. */
  dayAt(at: number): Span
  /**
   * Returns the hour that contains `at`, counted from the start of its day; the last hour of a day may be shorter.
   * Throws a RangeError if the calendar does not cover `at`.
   */
  hourAt(at: number): Span
}

/** Makes a calendar of `days`: at least one, consecutive and in ascending order. */
export function createCalendar(days: readonly Day[]): Calendar {
  const start = days[0]!.start
  const end = days.at(-1)!.end
  let recent = days[0]! // the next instant is usually on the same day

  function dayAt(at: number): Span {
    if (at >= recent.start && at < recent.end) return recent
    if (!(at >= start && at < end))
      throw new RangeError(`${new Date(at).toISOString()} is outside the calendar`)
    let low = 0
    let high = days.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (days[middle]!.start <= at) low = middle
      else high = middle - 1
    }
    recent = days[low]!
    return recent
  }

  function hourAt(at: number): Span {
    const day = dayAt(at)
    const hourStart = at - ((at - day.start) % HOUR_MS)
    return { day: day.day, start: hourStart, end: Math.min(hourStart + HOUR_MS, day.end) }
  }

  return { start, end, dayAt, hourAt }
}
