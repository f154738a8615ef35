// Which buckets `primosync trends` shows. Pure.

import { daysBefore, type Grain } from '../counters/grains.ts'
import { UsageError } from '../errors.ts'
import type { Edge, TrendRange } from '../read/trends.ts'
import { zonedTime } from './times.ts'

const HOUR_MS = 3_600_000

/**
 * The range from `from` (default: 24 hours, 14 days, 12 weeks or 12 months of buckets) to `to` (default: now). A date
 * as `to` includes that day, an instant is excluded. Throws a UsageError if `from` is not before `to`.
 */
export function rangeOf(
  asked: { readonly by: Grain; readonly from?: Edge | undefined; readonly to?: Edge | undefined },
  timezone: string,
  now: Date,
): TrendRange {
  const dateOf = (edge: Edge) => (edge instanceof Date ? zonedTime(edge, timezone).date : edge)
  const to = asked.to ?? now
  const from = asked.from ?? usualFrom(asked.by, to, dateOf(to))
  const isForward = from instanceof Date && to instanceof Date ? from < to : dateOf(from) <= dateOf(to)
  if (isForward) return { by: asked.by, from, to }
  throw new UsageError(`Nothing lies between ${edgeText(from)} and ${edgeText(to)}.`, {
    hint: '--from must be before --to; a date as --to includes that day.',
  })
}

const edgeText = (edge: Edge) => (edge instanceof Date ? edge.toISOString() : edge)

function usualFrom(by: Grain, to: Edge, lastDay: string): Edge {
  switch (by) {
    case 'hour':
      return to instanceof Date ? new Date(to.getTime() - 24 * HOUR_MS) : to
    case 'day':
      return daysBefore(lastDay, 13)
    case 'week':
      return daysBefore(lastDay, 11 * 7)
    case 'month':
      return monthsBefore(lastDay, 11)
  }
}

/** The first of the month so many months before that of a date. */
function monthsBefore(date: string, months: number): string {
  const [year, month] = date.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 10)
}
