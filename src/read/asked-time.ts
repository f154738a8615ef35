// The times that people ask for, in commands, API and pages: one reader of days, months, instants and durations. Pure.

import { daysBefore } from '../counters/grains.ts'
import { readInstant } from '../transfer/observed-at.ts'
import type { Edge } from './trends.ts'

/** What a time is relative to. */
export interface Clock {
  readonly now: Date
  /** The date of now in the reporting time zone. */
  readonly today: string
}

/** Days of the reporting time zone, both included; or an instant. */
export type AskedTime = { readonly first: string; readonly last: string } | Date

export const DAYS_ALLOWED =
  'a day such as 2026-03-01, today, yesterday or "7 days ago", or a month such as 2026-03'
export const TIME_ALLOWED = `${DAYS_ALLOWED}, or an instant with its offset such as 2026-03-01T14:00+01:00`
export const LAST_ALLOWED = 'a time such as 24 hours, 30d, 4 weeks, 6 months or 1 year'

/** What `askedTime` reads, but for instants. */
export const DAYS_SHAPE = /^ *(today|yesterday|\d{1,5} *(d|days?) +ago|(?!0000)\d{4}-\d\d(-\d\d)?) *$/i

/** `today`: the date in the reporting time zone. Null for what is not `TIME_ALLOWED`, and for days that do not exist. */
export function askedTime(text: string, today: string): AskedTime | null {
  const words = text.trim().toLowerCase()
  if (words === 'today') return oneDay(today)
  if (words === 'yesterday') return oneDay(daysBefore(today, 1))
  const ago = /^(\d{1,5}) *(?:d|days?) +ago$/.exec(words)
  if (ago) return oneDay(daysBefore(today, Number(ago[1])))
  if (/^\d{4}-\d\d-\d\d$/.test(words)) return isDay(words) ? oneDay(words) : null
  if (/^\d{4}-\d\d$/.test(words)) return isDay(`${words}-01`) ? wholeMonth(words) : null
  const at = readInstant(text.trim(), Number.POSITIVE_INFINITY)
  return typeof at === 'number' ? new Date(at) : null
}

/** The range that ends now: `24h` to the instant, `30d` the last 30 days. Null for what is not `LAST_ALLOWED`. */
export function lastOf(text: string, { now, today }: Clock): { from: Edge; to: Edge } | null {
  const hours = Number(/^(\d{1,4}) *(?:h|hours?)$/.exec(text.trim().toLowerCase())?.[1] ?? 0)
  if (hours > 0) return { from: new Date(now.getTime() - hours * 3_600_000), to: now }
  return lastDays(text, today)
}

/** Whole days, of which today is the last. Null for anything else, also for hours. */
export function lastDays(text: string, today: string): { from: string; to: string } | null {
  const parts = /^(\d{1,4}) *(d|days?|w|weeks?|months?|y|years?)$/.exec(text.trim().toLowerCase())
  const count = Number(parts?.[1] ?? 0)
  if (count === 0) return null
  const unit = parts![2]![0]
  if (unit === 'd') return { from: daysBefore(today, count - 1), to: today }
  if (unit === 'w') return { from: daysBefore(today, 7 * count - 1), to: today }
  return { from: monthsBefore(today, unit === 'm' ? count : 12 * count), to: today }
}

const oneDay = (day: string) => ({ first: day, last: day })

function wholeMonth(month: string): AskedTime {
  const [year, index] = month.split('-').map(Number) as [number, number]
  return { first: `${month}-01`, last: new Date(Date.UTC(year, index, 0)).toISOString().slice(0, 10) }
}

const isDay = (text: string) => {
  const at = Date.parse(text)
  return Number.isFinite(at) && new Date(at).toISOString().slice(0, 10) === text
}

/** The day after the same day of an earlier month, which is its last one where it is shorter. */
function monthsBefore(day: string, months: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  const longest = new Date(Date.UTC(year, month - months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 - months, Math.min(date, longest) + 1)).toISOString().slice(0, 10)
}
