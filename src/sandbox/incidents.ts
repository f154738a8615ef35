// The incidents in the sandbox's traffic. Each recurs once (corrections five times) in a season of 80 days, whose start
// depends on the seed. Any 90 days therefore contain every incident, and no two coincide.

import { COUNTERS } from '../counters/names.ts'
import { DAY_MS, HOUR_MS, parisDaysAt, startOfParisDay } from './clock.ts'
import { between, seedFor } from './random.ts'
import { type Counts, FIRST_DAY, type Totals } from './totals.ts'

const SEASON_DAYS = 80

/** The day within a season (0 … 79), the hour in Paris, and the duration. */
interface Incident {
  readonly day: number
  readonly hour: number
  readonly lastsMs: number
}

const CORRECTIONS: readonly Incident[] = [
  { day: 4, hour: 3.2, lastsMs: 0 },
  { day: 21, hour: 2.6, lastsMs: 0 },
  { day: 37, hour: 4.3, lastsMs: 0 },
  { day: 52, hour: 3.7, lastsMs: 0 },
  { day: 70, hour: 2.4, lastsMs: 0 },
]
const RESET: Incident = { day: 44, hour: 9.4, lastsMs: 0 }

/** The provider answers zeros. It lasts over a full hour, so that hourly polls see it, too. */
export const HICCUP: Incident = { day: 12, hour: 10.75, lastsMs: HOUR_MS / 2 }

/** Nothing is polled: the history has no snapshots. */
export const GAP: Incident = { day: 27, hour: 18, lastsMs: 1.5 * DAY_MS }

/** The provider leaves out the counters of opens and clicks. */
export const OMISSION: Incident = { day: 58, hour: 11.5, lastsMs: 10 * DAY_MS }

const DELIVERED = COUNTERS.indexOf('delivered')
const ERRORS = COUNTERS.indexOf('errors')

function seasonStart(season: number, seed: number): number {
  return FIRST_DAY - Math.floor(between(0, SEASON_DAYS, seedFor(seed, 'seasons'), 0)) + season * SEASON_DAYS
}

function startOf(incident: Incident, season: number, seed: number): number {
  return startOfParisDay(seasonStart(season, seed) + incident.day) + incident.hour * HOUR_MS
}

/** The season of the newest occurrence of an incident that has begun by `at`; negative before the first. */
function newestSeason(incident: Incident, at: number, seed: number): number {
  const season = Math.floor((parisDaysAt(at) - seasonStart(0, seed)) / SEASON_DAYS)
  return startOf(incident, season, seed) <= at ? season : season - 1
}

function newestStart(incident: Incident, at: number, seed: number): number {
  return startOf(incident, newestSeason(incident, at, seed), seed)
}

/** Returns whether an instant is within an incident. */
export function isDuring(incident: Incident, at: number, seed: number): boolean {
  return at < newestStart(incident, at, seed) + incident.lastsMs
}

/** Returns totals that restart at zero once per season. Without a seed there are no incidents, here and below. */
export function withResets(totals: Totals, seed: number | null): Totals {
  if (seed === null) return totals
  return (at) => {
    const before = totals(newestStart(RESET, at, seed))
    return totals(at).map((total, counter) => total - before[counter]!)
  }
}

/**
 * Returns totals that the provider corrects: alternately it removes messages that were counted twice, and turns
 * delivered messages into errors.
 */
export function withCorrections(totals: Totals, seed: number | null): Totals {
  if (seed === null) return totals
  const instantOf = (n: number): number =>
    startOf(CORRECTIONS[n % CORRECTIONS.length]!, Math.floor(n / CORRECTIONS.length), seed)
  /** How many corrections there are from the first day to `at`. */
  const countBy = (at: number): number => {
    const seasons = Math.max(0, newestSeason(CORRECTIONS[0]!, at, seed))
    let n = seasons * CORRECTIONS.length
    while (instantOf(n) <= at) n++
    return n
  }
  const changes: Counts[] = [COUNTERS.map(() => 0)] // cumulative, by the number of corrections
  const changeAfter = (n: number): Counts => {
    for (let next = changes.length; next <= n; next++) {
      const latest = totals(instantOf(next - 1))
      const previous = next > 1 ? totals(instantOf(next - 2)) : COUNTERS.map(() => 0)
      const growth = latest.map((total, counter) => total - previous[counter]!)
      const change = correctionOf(growth, next, seed)
      changes.push(changes[next - 1]!.map((sum, counter) => sum + change[counter]!))
    }
    return changes[n]!
  }
  return (at) => {
    const change = changeAfter(countBy(at))
    return totals(at).map((total, counter) => total + change[counter]!)
  }
}

/** The changes of the `n`-th correction: up to three percent of the growth since the one before. */
function correctionOf(growth: Counts, n: number, seed: number): number[] {
  const share = between(0.01, 0.03, seedFor(seed, 'corrections'), n)
  if (n % 2 === 1) return growth.map((count) => -Math.floor(count * share))
  const undelivered = Math.floor(growth[DELIVERED]! * share)
  return growth.map((_, counter) =>
    counter === DELIVERED ? -undelivered : counter === ERRORS ? undelivered : 0,
  )
}
