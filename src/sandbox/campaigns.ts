// Marketing campaigns: a burst of messages, then opens and clicks that fade out over four weeks.

import { COUNTERS, type CounterName } from '../counters/names.ts'
import { clumpyDaysAt, dayCourse, HOUR_MS, MINUTE_MS, parisDaysAt, startOfParisDay } from './clock.ts'
import { between, chance, seedFor } from './random.ts'
import { type Counts, FIRST_DAY, type Manners, outcomeOf, runningSums, type Totals } from './totals.ts'

/** The last opens and clicks of a campaign come this many days after it. */
const TAIL_DAYS = 27
const SENDING_MS = 40 * MINUTE_MS

/** When a counter grows: a part while the messages are sent, the rest within hours (`soon`) or days. */
interface Arrival {
  readonly withSending: number
  readonly soon: number
}
const SENDING: Arrival = { withSending: 1, soon: 0 }
const REPORTS: Arrival = { withSending: 0.94, soon: 0.05 } // the rest: phones that were switched off
const RESPONSE: Arrival = { withSending: 0.1, soon: 0.5 }
const ARRIVAL: Readonly<Record<CounterName, Arrival>> = {
  sent: SENDING,
  submitted: SENDING,
  delivered: REPORTS,
  openers: RESPONSE,
  clickers: RESPONSE,
  clicks: RESPONSE,
  opens: RESPONSE,
  replies: { withSending: 0.3, soon: 0.6 },
  unsubscribers: { withSending: 0.2, soon: 0.5 },
  errors: REPORTS,
  bounced: REPORTS,
  complaint: { withSending: 0, soon: 0.3 },
}
const ARRIVALS = COUNTERS.map((name) => ARRIVAL[name])

/** How people's use of their phones is spread over the day. */
const awake = dayCourse([2, 1, 0.3, 0.1, 0.1, 0.5, 2, 5, 7, 7, 7, 7, 9, 8, 6, 6, 6, 7, 8, 9, 9, 8, 6, 4])

/** The part (0 … 1) that has arrived after `days`, with exponential decay; 1 after TAIL_DAYS. */
function fading(days: number, constantDays: number): number {
  return (1 - Math.exp(-days / constantDays)) / (1 - Math.exp(-TAIL_DAYS / constantDays))
}

/** Days that pass during waking hours. */
function awakeDays(days: number): number {
  const day = Math.floor(days)
  return day + awake(days - day)
}

/** When the campaign of a week (counted from the first) is sent: Tuesday to Saturday, at hours that the law allows. */
function departureAt(week: number, seed: number): number {
  const day = FIRST_DAY + 7 * week + 1 + Math.floor(between(0, 5, seed, 2 * week))
  return startOfParisDay(day) + Math.round(between(20, 37, seed, 2 * week + 1)) * (HOUR_MS / 2)
}

/** Returns the totals of campaigns of about `recipients` messages each, one every `everyWeeks` weeks. */
export function campaigns(seed: number, recipients: number, everyWeeks: number, manners: Manners): Totals {
  const [sizeSeed, timeSeed, outcomeSeed] = [
    seedFor(seed, 'size'),
    seedFor(seed, 'time'),
    seedFor(seed, 'outcome'),
  ]
  const outcomeOfWeek = (week: number): Counts => {
    const takesPlace = (week + (seed >>> 1)) % everyWeeks === 0
    const sent = takesPlace ? Math.round(recipients * between(0.75, 1.15, sizeSeed, week)) : 0
    return outcomeOf(sent, manners, outcomeSeed, week)
  }
  const sums = runningSums(outcomeOfWeek)

  return (at) => {
    const daysNow = awakeDays(clumpyDaysAt(at, timeSeed))
    const thisWeek = Math.floor((parisDaysAt(at) - FIRST_DAY) / 7)
    const oldestWeek = Math.max(0, thisWeek - 4) // older campaigns have arrived completely
    const totals = [...sums(oldestWeek)]
    for (let week = oldestWeek; week <= thisWeek; week++) {
      const departsAt = departureAt(week, timeSeed)
      const lot = sums(week + 1)
      const before = sums(week)
      if (at <= departsAt || lot[0] === before[0]) continue
      const sending = Math.min(1, (at - departsAt) / SENDING_MS)
      const sinceDays = daysNow - awakeDays(clumpyDaysAt(departsAt, timeSeed))
      const days = Math.max(0, Math.min(TAIL_DAYS, sinceDays))
      const soon = fading(days, 0.2)
      const late = fading(days, 5)
      const dice = chance(outcomeSeed, week)
      for (const [counter, arrival] of ARRIVALS.entries()) {
        const come =
          arrival.withSending * sending +
          arrival.soon * soon +
          (1 - arrival.withSending - arrival.soon) * late
        totals[counter]! += Math.floor((lot[counter]! - before[counter]!) * Math.min(1, come) + dice)
      }
    }
    return totals
  }
}
