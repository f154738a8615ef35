// /metrics: what this process did since its start, the state of database and spool, and the provider's counters as
// totals that never fall. docs/monitoring/README.md says what each metric means.
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { reasonOf } from '../errors.ts'
import type { Logger } from '../logging.ts'
import { readAccountStats } from '../read/account-stats.ts'
import { raiseExportedTotals, readExportedTotals } from '../read/exported-totals.ts'
import { readWatched } from '../read/freshness.ts'
import { sourceOf } from '../read/source.ts'
import { listWaiting } from '../read/waiting.ts'
import type { Spool } from '../spool/spool.ts'
import { version } from '../version.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { type CacheOptions, cached } from './prometheus/cached.ts'
import { FAMILIES, type Family, type State } from './prometheus/families.ts'
import { createProcessMetrics, type ProcessMetrics } from './prometheus/process-metrics.ts'

/** The most categories with metrics of their own, as each has a dozen series. */
const MOST_CATEGORIES = 1_000
/** How long a scrape waits for the database: less than the ten seconds after which scrapers give up. */
const PATIENCE_MS = 4_000
/** How often the totals are read: they add up the days of all categories (0.2 s for a thousand categories and a year). */
const TOTALS_EVERY_MS = 30_000
const WATCHED_EVERY_MS = 2_000
const SHARE = 0.02
/** Gauges of prom-client whose names end like those of counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export interface Prometheus extends ProcessMetrics {
  readonly contentType: string
  /** The metrics as text. Never rejects: while the database is away they keep their last values. */
  render(): Promise<string>
}

export interface PrometheusDeps {
  readonly warehouse: Warehouse
  readonly spool: Spool
  readonly log: Logger
  /** How this process is named in a lease. */
  readonly holder: string
  readonly demo: boolean
  readonly demoAccount: string
}

/** `maxAgeMs`: replaces the usual times for which read values are cached. */
export function createPrometheus(deps: PrometheusDeps, { maxAgeMs }: { maxAgeMs?: number } = {}): Prometheus {
  const { spool, holder, log } = deps
  const source = sourceOf(deps)
  const options = (usualMs: number): CacheOptions => {
    const onError = (error: unknown) =>
      log.debug(`The metrics of the database cannot be read: ${reasonOf(error)}`)
    return {
      maxAgeMs: maxAgeMs ?? usualMs,
      share: maxAgeMs === undefined ? SHARE : Number.POSITIVE_INFINITY,
      patienceMs: PATIENCE_MS,
      onError,
    }
  }
  const watched = cached(() => readWatched(source, MOST_CATEGORIES), options(WATCHED_EVERY_MS))
  const totals = cached(async () => {
    await raiseExportedTotals(source.db)
    return await readExportedTotals(source.db, { most: MOST_CATEGORIES, hiddenAccount: source.hiddenAccount })
  }, options(TOTALS_EVERY_MS))

  const accounts = cached(() => readAccountStats(source), options(TOTALS_EVERY_MS))

  const readState = async (): Promise<State> => {
    const [facts, sums, accountStats, waiting] = await Promise.all([
      watched.get(),
      totals.get(),
      accounts.get(),
      listWaiting(spool, source.db).catch(() => null),
    ])
    return {
      now: Date.now(),
      version,
      holder,
      isDatabaseUp: watched.isWell,
      watched: facts,
      totals: sums,
      accounts: accountStats,
      spool: waiting,
    }
  }

  const registry = new Registry()
  const processMetrics = createProcessMetrics(registry)
  let state: State | null = null
  for (const family of FAMILIES) registry.registerMetric(readAtScrape(family, () => state!))
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  return {
    ...processMetrics,
    contentType: registry.contentType,
    async render() {
      state = await readState()
      return await registry.metrics()
    },
  }
}

/** prom-client keeps samples under their labels run together, where odd names could meet; here nothing is cached. */
function readAtScrape({ name, help, type, samples }: Family, state: () => State): Metric {
  return {
    name,
    help,
    type,
    get: async () => ({ name, help, type, values: samples(state()) }),
  } as unknown as Metric
}
