// The clocks of the sandbox's traffic: days in Paris, and the unevenness of real traffic. Instants are in epoch
// milliseconds, days are counted from 1970-01-01, and no clock ever runs backwards.

import { chance } from './random.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

const summers = new Map<number, readonly [startsAt: number, endsAt: number]>()

/** When the clocks of the EU change in a month (0 … 11): its last Sunday, 01:00 UTC (directive 2000/84/EC). */
function clockChangeAt(year: number, month: number): number {
  const lastDayAt = Date.UTC(year, month + 1, 0, 1)
  return lastDayAt - new Date(lastDayAt).getUTCDay() * DAY_MS
}

// Intl is a hundred times slower, and a sandbox need not follow future changes of the law.
function parisOffsetMs(at: number): number {
  const year = new Date(at).getUTCFullYear()
  let summer = summers.get(year)
  if (!summer) {
    summer = [clockChangeAt(year, 2), clockChangeAt(year, 9)]
    summers.set(year, summer)
  }
  return at >= summer[0] && at < summer[1] ? 2 * HOUR_MS : HOUR_MS
}

/** Returns the instant at which a day begins in Paris. */
export function startOfParisDay(day: number): number {
  // Clocks change at 01:00 UTC, so the offset an hour before midnight UTC is also that of midnight in Paris.
  return day * DAY_MS - parisOffsetMs(day * DAY_MS - HOUR_MS)
}

/**
 * Returns the days since 1970 in Paris, a whole number at each midnight there. Days of 23 and 25 hours pass evenly,
 * because totals would fall if local time went back.
 */
export function parisDaysAt(at: number): number {
  const day = Math.floor((at + parisOffsetMs(at)) / DAY_MS)
  const startsAt = startOfParisDay(day)
  return day + (at - startsAt) / (startOfParisDay(day + 1) - startsAt)
}

/** Returns the ISO weekday of a day: 1 Monday … 7 Sunday. */
export function weekdayOf(day: number): number {
  return ((day + 3) % 7) + 1
}

/** Makes slots pass faster or slower: moves their edges by up to half a `swing` (below 1) of a slot. */
function unevenly(at: number, slotMs: number, swing: number, seed: number): number {
  const slot = Math.floor(at / slotMs)
  const from = slot + swing * (chance(seed, slot) - 0.5)
  const to = slot + 1 + swing * (chance(seed, slot + 1) - 0.5)
  return slotMs * (from + (to - from) * (at / slotMs - slot))
}

/** Days in Paris that pass unevenly within each hour and each five minutes, so that traffic comes in clumps. */
export function clumpyDaysAt(at: number, seed: number): number {
  return parisDaysAt(unevenly(unevenly(at, HOUR_MS, 0.3, seed), 5 * MINUTE_MS, 0.7, seed))
}

/** Returns a function from the part (0 … 1) of a day that is over to the part of its traffic, by 24 hourly weights. */
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
