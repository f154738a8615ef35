// The clocks that the sandbox's lives run by: days in Paris, and the unevenness of real traffic.
// Instants are epoch milliseconds, days are counted from 1970-01-01, and every clock only runs forward.

import { chance } from './random.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

const summers = new Map<number, readonly [startsAt: number, endsAt: number]>()

/** The instant at which the Union's clocks change in a month: its last Sunday, 01:00 UTC (directive 2000/84/EC). */
function clockChangeAt(year: number, month: number): number {
  const lastDayAt = Date.UTC(year, month + 1, 0, 1)
  return lastDayAt - new Date(lastDayAt).getUTCDay() * DAY_MS
}

// Intl knows this too, at a hundred times the price; a sandbox may be wrong about decrees to come.
function parisOffsetMs(at: number): number {
  const year = new Date(at).getUTCFullYear()
  let summer = summers.get(year)
  if (!summer) {
    summer = [clockChangeAt(year, 2), clockChangeAt(year, 9)]
    summers.set(year, summer)
  }
  return at >= summer[0] && at < summer[1] ? 2 * HOUR_MS : HOUR_MS
}

/** The instant at which a day begins in Paris. */
export function startOfParisDay(day: number): number {
  // an hour before midnight UTC is on midnight's side of every clock change
  return day * DAY_MS - parisOffsetMs(day * DAY_MS - HOUR_MS)
}

/**
 * The days since 1970 in Paris: whole at each midnight there. A day of 23 or 25 hours is run through
 * evenly, because a local time that is set back would make totals fall.
 */
export function parisDaysAt(at: number): number {
  const day = Math.floor((at + parisOffsetMs(at)) / DAY_MS)
  const startsAt = startOfParisDay(day)
  return day + (at - startsAt) / (startOfParisDay(day + 1) - startsAt)
}

/** ISO weekday of a day: 1 Monday … 7 Sunday. */
export function weekdayOf(day: number): number {
  return ((day + 3) % 7) + 1
}

/** A clock that is now ahead and now behind, by up to half a `swing` (below 1) of a slot. */
function unevenly(at: number, slotMs: number, swing: number, seed: number): number {
  const slot = Math.floor(at / slotMs)
  const from = slot + swing * (chance(seed, slot) - 0.5)
  const to = slot + 1 + swing * (chance(seed, slot + 1) - 0.5)
  return slotMs * (from + (to - from) * (at / slotMs - slot))
}

/** Days in Paris as a clumpy source of traffic lives them: uneven by the five minutes and by the hour. */
export function clumpyDaysAt(at: number, seed: number): number {
  return parisDaysAt(unevenly(unevenly(at, HOUR_MS, 0.3, seed), 5 * MINUTE_MS, 0.7, seed))
}

/** From 24 hourly weights: the part (0 … 1) of a day's doings that is done when a part of the day is over. */
export function dayCourse(hourlyWeights: readonly number[]): (partOfDay: number) => number {
  const total = hourlyWeights.reduce((sum, weight) => sum + weight, 0)
  const doneBy = [0]
  for (const weight of hourlyWeights) doneBy.push(doneBy.at(-1)! + weight / total)
  doneBy[24] = 1
  return (partOfDay) => {
    const hour = Math.min(23, Math.floor(partOfDay * 24))
    const from = doneBy[hour]!
    return Math.min(1, from + (doneBy[hour + 1]! - from) * (partOfDay * 24 - hour))
  }
}
