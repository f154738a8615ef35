// The days of the reporting time zone as PostgreSQL computed them, and the hours that they are cut into.
// Pure; instants in epoch milliseconds. It knows edges, not time zone rules.

const HOUR_MS = 3_600_000

/** The UTC date of an instant: `2026-03-01`. */
export function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** A calendar day of the reporting zone: [start, end). */
export interface Day {
  readonly day: string
  readonly start: number
  readonly end: number
}

/** An hour or a day of the reporting zone, [start, end), with the day that it belongs to. */
export interface Span extends Day {}

export interface Calendar {
  /** The first instant and the one after the last that the calendar covers. */
  readonly start: number
  readonly end: number
  /** The day that `at` lies in. Throws a RangeError outside of the calendar. */
  dayAt(at: number): Span
  /** The hour that `at` lies in, counted from the start of its day; the last of a day may be shorter. */
  hourAt(at: number): Span
}

/** A calendar of `days`, consecutive and ascending; at least one. */
export function createCalendar(days: readonly Day[]): Calendar {
  const start = days[0]!.start
  const end = days.at(-1)!.end
  let recent = days[0]! // the next instant is usually on the same day

  function dayAt(at: number): Span {
    if (at >= recent.start && at < recent.end) return recent
    if (!(at >= start && at < end))
      throw new RangeError(`${new Date(at).toISOString()} is outside of the calendar`)
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
