// The sandbox's categories and their lives: a life is what the provider would answer at each instant, as a pure function
// of category, instant and seed. Nothing is stored; running sums are cached for speed.

import { COUNTERS, type CounterName } from '../counters/names.ts'
import { campaigns } from './campaigns.ts'
import { DAY_MS, dayCourse, weekdayOf } from './clock.ts'
import { HICCUP, isDuring, OMISSION, withCorrections, withResets } from './incidents.ts'
import { between, chance, seedFor } from './random.ts'
import { stream } from './stream.ts'
import { FIRST_DAY, type Manners, type Totals } from './totals.ts'

/** An answer of the provider: the counters and `timespent`, any of which may be null or missing. */
export type SandboxStats = Readonly<Record<string, number | null>>

type Life = (at: number) => SandboxStats

// Messages by hour of the day, midnight first; only the proportions matter.
const COURSES = {
  consumers: dayCourse([
    9, 5, 3, 2, 2, 4, 10, 24, 38, 46, 50, 50, 47, 42, 42, 43, 46, 52, 60, 64, 62, 52, 36, 20,
  ]),
  office: dayCourse([
    1, 0.5, 0.5, 0.5, 0.5, 1, 6, 30, 70, 72, 55, 48, 30, 45, 60, 52, 46, 34, 18, 9, 6, 4, 3, 2,
  ]),
  mornings: dayCourse([0, 0, 0, 0, 0, 0, 0, 0, 40, 100, 60, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  parcels: dayCourse([0, 0, 0, 0, 0, 2, 12, 45, 60, 55, 50, 46, 40, 42, 44, 40, 34, 28, 18, 8, 3, 0, 0, 0]),
}

// Messages on Monday … Sunday, relative to an average day.
const WEEKS = {
  consumers: [1.02, 1, 1.04, 1.06, 1.15, 0.92, 0.7],
  office: [1.12, 1.08, 1.02, 1.06, 0.92, 0.12, 0.07],
  weekdays: [0.9, 1.1, 1.05, 1.1, 0.95, 0, 0],
  parcels: [0.8, 1.1, 1.1, 1.05, 1.1, 0.6, 0],
}

const NO_LINK = { openers: 0, clickers: 0 }
const CODES: Manners = { ...NO_LINK, errors: 0.012, bounced: 0.009, replies: 0.0003, unsubscribers: 0 }
const REMINDERS: Manners = { ...NO_LINK, errors: 0.02, bounced: 0.026, replies: 0.11, unsubscribers: 0.001 }
const NOTICES: Manners = { ...CODES, openers: 0.38, clickers: 0.6, replies: 0.002, unsubscribers: 0.0015 }
const PROMOTION: Manners = {
  errors: 0.03,
  bounced: 0.028,
  openers: 0.14,
  clickers: 0.55,
  replies: 0.004,
  unsubscribers: 0.006,
}

/** Messages by day: `usual`, scaled by weekday, yearly growth and a random factor of up to 12 percent. */
function daily(
  seed: number,
  usual: number,
  week: readonly number[],
  yearlyGrowth = 0.1,
): (day: number) => number {
  const daySeed = seedFor(seed, 'days')
  return (day) => {
    const grown = usual * (1 + (yearlyGrowth * (day - FIRST_DAY)) / 365)
    return grown * week[weekdayOf(day) - 1]! * between(0.88, 1.12, daySeed, day)
  }
}

/** The traffic of a day, relative to the high season: high in summer, and again around the new year. */
function season(day: number): number {
  const distance = (fromDayOfYear: number): number => {
    const days = Math.abs((day % 365.2425) - fromDayOfYear)
    return Math.min(days, 365.2425 - days)
  }
  const peak = (dayOfYear: number, widthDays: number): number =>
    Math.exp(-((distance(dayOfYear) / widthDays) ** 2))
  return 0.06 + 0.94 * peak(205, 42) + 0.5 * peak(362, 24)
}

/** A gauge that moves slowly, by up to a quarter, around a usual level; one decimal. */
function timespentAt(at: number, seed: number): number {
  const usual = between(8, 40, seed, 0)
  const turn = (periodDays: number, index: number): number =>
    Math.sin(2 * Math.PI * (at / DAY_MS / periodDays + chance(seed, index)))
  return Math.round(10 * usual * (1 + 0.18 * turn(41, 1) + 0.07 * turn(6.3, 2))) / 10
}

function statsOf(counts: readonly number[], timespent: number): SandboxStats {
  const stats: Record<string, number | null> = {}
  for (const [counter, name] of COUNTERS.entries()) stats[name] = counts[counter]!
  stats.timespent = timespent
  return stats
}

/** An answer with zero in every field. */
export const NO_STATS: SandboxStats = statsOf(
  COUNTERS.map(() => 0),
  0,
)

/** The life of a category with these totals. */
function living(seed: number, totals: Totals): Life {
  return (at) => statsOf(totals(at), timespentAt(at, seed))
}

/** A life without changes: the category was last used before the sandbox's first day. */
function idle(seed: number): Life {
  const stats = living(seed, () => [4812, 4809, 4655, 702, 318, 402, 911, 37, 21, 92, 62, 1])(0)
  return () => stats
}

/** A life with answers of zeros for half an hour per season. */
function withHiccups(life: Life, seed: number | null): Life {
  if (seed === null) return life
  return (at) => (isDuring(HICCUP, at, seed) ? NO_STATS : life(at))
}

/** A life without the fields of openers, and with null for those of clickers, for ten days per season. */
function withOmissions(life: Life, seed: number | null): Life {
  if (seed === null) return life
  return (at) => {
    if (!isDuring(OMISSION, at, seed)) return life(at)
    const { openers: _openers, opens: _opens, ...rest } = life(at)
    return { ...rest, clickers: null, clicks: null }
  }
}

/** The category that is polled late, so that its history begins with large totals: they must not count as growth. */
export const LATE_CATEGORY = 'Click & collect'

/** A category that sends, too, but that the list of categories leaves out: a user may have forgotten it. */
export const UNWATCHED_CATEGORY = 'Service client'

/** Makes a life; `own` is the seed of the category, `seed` that of the incidents: null for none. */
type Live = (own: number, seed: number | null) => Life

/** Each category with its life. */
const CATEGORIES: Readonly<Record<string, Live>> = {
  codeConfirmation: (own) =>
    living(own, stream(own, daily(own, 2600, WEEKS.consumers), COURSES.consumers, CODES)),
  'connexion-2fa': (own, seed) =>
    withHiccups(living(own, stream(own, daily(own, 900, WEEKS.office), COURSES.office, CODES)), seed),
  'Campagnes promo': (own) => living(own, campaigns(own, 18_000, 1, PROMOTION)),
  'Été & Soldes – "-50 %"': (own) => living(own, campaigns(own, 42_000, 2, PROMOTION)),
  'vip+1/☎️ promo': (own) =>
    living(own, campaigns(own, 850, 1, { ...PROMOTION, openers: 0.36, clickers: 0.7, unsubscribers: 0.002 })),
  'Rappels RDV': (own) =>
    living(own, stream(own, daily(own, 420, WEEKS.weekdays), COURSES.mornings, REMINDERS)),
  'Locations saisonnières': (own) => {
    const inHighSeason = daily(own, 1500, WEEKS.consumers)
    return living(
      own,
      stream(own, (day) => inHighSeason(day) * season(day), COURSES.consumers, NOTICES),
    )
  },
  'Suivi colis': (own, seed) =>
    living(
      own,
      withCorrections(stream(own, daily(own, 1400, WEEKS.parcels), COURSES.parcels, NOTICES), seed),
    ),
  'Alertes stock': (own, seed) =>
    living(own, withResets(stream(own, daily(own, 240, WEEKS.consumers), COURSES.parcels, NOTICES), seed)),
  'Programme fidélité': (own, seed) =>
    withOmissions(
      living(own, stream(own, daily(own, 650, WEEKS.consumers), COURSES.consumers, NOTICES)),
      seed,
    ),
  [LATE_CATEGORY]: (own) =>
    living(own, stream(own, daily(own, 60, WEEKS.consumers, 0.8), COURSES.consumers, NOTICES)),
  'ancienne-boutique': idle,
  [UNWATCHED_CATEGORY]: (own) =>
    living(own, stream(own, daily(own, 1300, WEEKS.office), COURSES.office, NOTICES)),
}

const trueLivesBySeed = new Map<number, readonly Life[]>()

/** The sums over all categories at an instant, as if no incident had ever hidden or changed a total. */
export function trueTotalsAt(at: number, seed: number): Readonly<Record<CounterName, number>> {
  let lives = trueLivesBySeed.get(seed)
  if (!lives) {
    lives = Object.entries(CATEGORIES).map(([category, live]) => live(seedFor(seed, category), null))
    trueLivesBySeed.set(seed, lives)
  }
  const answers = lives.map((life) => life(at))
  const sums = COUNTERS.map((name) => [name, answers.reduce((sum, stats) => sum + (stats[name] ?? 0), 0)])
  return Object.fromEntries(sums)
}

/** The default seed. Any seed works; the incidents of this one are well spread. */
export const SANDBOX_SEED = 66

/** The names of the sandbox's categories, without UNWATCHED_CATEGORY. */
export const SANDBOX_CATEGORIES: readonly string[] = Object.keys(CATEGORIES).filter(
  (category) => category !== UNWATCHED_CATEGORY,
)

const LOAD_CATEGORY = /^load-(\d{1,9})$/

/** The lives of `load-1`, `load-2` …, cheap to compute: the same traffic, scaled and delayed differently for each. */
function loadLives(seed: number): (n: number, at: number) => SandboxStats {
  const own = seedFor(seed, 'load')
  const totals = stream(own, daily(own, 20_000, WEEKS.consumers), COURSES.consumers, CODES)
  return (n, at) => {
    const size = between(0.01, 0.2, own, n)
    const counts = totals(at - n * 7_919).map((count) => Math.floor(count * size))
    return statsOf(counts, timespentAt(at, own + n))
  }
}

interface Lives {
  readonly byCategory: ReadonlyMap<string, Life>
  readonly load: (n: number, at: number) => SandboxStats
}

const livesBySeed = new Map<number, Lives>()

function livesOf(seed: number): Lives {
  let lives = livesBySeed.get(seed)
  if (!lives) {
    const byCategory = new Map(
      Object.entries(CATEGORIES).map(([category, live]) => [category, live(seedFor(seed, category), seed)]),
    )
    lives = { byCategory, load: loadLives(seed) }
    livesBySeed.set(seed, lives)
  }
  return lives
}

/**
 * Returns the sandbox's answer for a category at an instant (epoch milliseconds): the cumulative totals in the order of
 * COUNTERS, then `timespent`; fields may be null or missing. Null for an unknown category. The known ones are
 * SANDBOX_CATEGORIES, UNWATCHED_CATEGORY, and `load-1`, `load-2` … for load tests.
 */
export function statsAt(category: string, at: number, seed: number): SandboxStats | null {
  const lives = livesOf(seed)
  const life = lives.byCategory.get(category)
  if (life) return life(at)
  const load = LOAD_CATEGORY.exec(category)
  return load ? lives.load(Number(load[1]), at) : null
}
