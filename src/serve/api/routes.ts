// The questions of the JSON API: for each its address, what may be asked, what the answer looks like, and how it
// is read. Server and OpenAPI document are both made from this list. Names are those of the SQL columns.
import { z } from 'zod'
import { COUNTERS } from '../../counters/names.ts'
import { keyOf, NO_FIGURES, readAccounts, readCategories, readFigures } from '../../read/categories.ts'
import { readDeltas } from '../../read/deltas.ts'
import { BUCKETS, METRICS } from '../../read/metrics.ts'
import { readFailures, readMetrics, readRejected, readRuns } from '../../read/runs.ts'
import { sourceOf } from '../../read/source.ts'
import type { AppDeps } from '../deps.ts'
import { dateIn } from '../format.ts'
import * as ask from '../query.ts'
import { readStatus } from '../read/status.ts'
import { readTrends } from '../read/trends.ts'

interface Route<Query extends z.ZodObject> {
  readonly path: string
  readonly summary: string
  readonly query: Query
  readonly answer: z.ZodType
  /** Dates in it become ISO texts. */
  read(deps: AppDeps, query: z.output<Query>): Promise<unknown>
}

const route = <Query extends z.ZodObject>(definition: Route<Query>) => definition

const instant = z.iso.datetime().meta({ description: 'An instant, in UTC' })
const date = z.iso.date().meta({ description: 'A date of the reporting zone' })
const count = z
  .union([z.int(), z.string().regex(/^-?\d+$/)])
  .meta({ description: 'An integer; as text where a double could not hold it' })
const rate = z.number().nullable().meta({ description: 'A ratio; null where unknown' })
const category = { account: z.string(), category: z.string() }
const state = z.enum(['active', 'paused', 'removed'])

const run = z.strictObject({
  id: z.int(),
  account: z.string().nullable(),
  trigger: z.enum(['schedule', 'manual', 'startup', 'replay', 'import']),
  scheduled_at: instant.nullable(),
  started_at: instant,
  finished_at: instant.nullable(),
  status: z.enum(['ok', 'partial', 'failed', 'running', 'abandoned']),
  categories: z.int(),
  stored: z.int(),
  failed: z.int(),
  rejected: z.int(),
  late: z.int(),
  duration_ms: z.number().nullable(),
})

const counters = Object.fromEntries(COUNTERS.map((name) => [name, count.nullable()]))
const limit = ask.wholeNumber(1, 1000, 100)
const paged = { before: ask.before, limit }

export const ROUTES = [
  route({
    path: '/status',
    summary: 'The last run, the next tick, the spool, and how many categories are stale',
    query: z.object({}),
    answer: z.strictObject({
      demo: z.boolean(),
      timezone: z.string(),
      schedule: z.string(),
      now: instant,
      next_tick_at: instant.nullable(),
      last_run: run
        .omit({ account: true, scheduled_at: true, finished_at: true, duration_ms: true })
        .nullable(),
      spool: z.strictObject({ runs: z.int(), bytes: z.int() }),
      categories: z.strictObject({ active: z.int(), paused: z.int(), stale: z.int() }),
      failed_last_day: z.int(),
      rejected_last_day: z.int(),
    }),
    read: readStatus,
  }),
  route({
    path: '/accounts',
    summary: 'The accounts, with how many categories each has',
    query: z.object({}),
    answer: z.strictObject({
      accounts: z.array(
        z.strictObject({
          account: z.string(),
          label: z.string().nullable(),
          created_at: instant,
          categories: z.int(),
        }),
      ),
    }),
    read: async (deps) => ({ accounts: await readAccounts(sourceOf(deps)) }),
  }),
  route({
    path: '/categories',
    summary: 'The categories with their freshness and the figures of their last days',
    query: z.object({ ...ask.categoryFilter, offset: ask.wholeNumber(0, 1_000_000, 0), limit }),
    answer: z.strictObject({
      total: z.int(),
      categories: z.array(
        z.strictObject({
          ...category,
          label: z.string().nullable(),
          state,
          stale: z.boolean(),
          first_snapshot_at: instant.nullable(),
          last_snapshot_at: instant.nullable(),
          last_failure_at: instant.nullable(),
          last_failure: z.string().nullable(),
          sent_today: count.nullable(),
          sent_7_days: count.nullable(),
          sent_7_days_before: count.nullable(),
          change: rate,
          delivery_rate: rate,
          open_rate: rate,
          click_rate: rate,
        }),
      ),
    }),
    async read(deps, query) {
      const { account, state: wanted, ...rest } = query
      const source = sourceOf(deps)
      const today = dateIn(deps.timezone, new Date())
      const order = ask.orderOf(query)
      const { total, rows } = await readCategories(source, { ...rest, account, state: wanted, order, today })
      const figures = await readFigures(source, rows, today)
      return {
        total,
        categories: rows.map((row) => ({ ...row, ...(figures.get(keyOf(row)) ?? NO_FIGURES) })),
      }
    },
  }),
  route({
    path: '/trends',
    summary: 'Growth and rates of categories by hour, day, week or month, the newest first',
    query: z.object({ c: ask.categoryKeys, ...ask.range, metrics: ask.metrics }),
    answer: z.strictObject({
      by: z.enum(BUCKETS),
      from: date,
      to: date,
      timezone: z.string(),
      trends: z.array(
        z.strictObject({
          ...category,
          bucket: z.union([instant, date]).meta({ description: 'Where it starts; hours are instants' }),
          values: z.partialRecord(z.enum(METRICS), z.union([count, z.number()]).nullable()),
          snapshots: z.int(),
          coverage: z.number(),
          widest_gap_ms: z.number().nullable(),
        }),
      ),
    }),
    async read(deps, { c: keys, metrics, ...asked }) {
      const range = ask.rangeOf(asked, dateIn(deps.timezone, new Date()))
      if (keys.length === 0 || keys.length > 20) {
        throw new ask.QueryError('c: from 1 to 20 categories as account/category must be given.', {
          hint: 'For example /api/v1/trends?c=default/codes&by=day',
        })
      }
      const series = await Promise.all(
        keys.map(async (key) => {
          const rows = await readTrends(sourceOf(deps), { ...range, metrics }, key)
          return rows.map(({ bucket, values, snapshots, coverage, widestGapMs }) => ({
            ...key,
            bucket,
            values: Object.fromEntries(metrics.map((name, i) => [name, values[i]])),
            snapshots,
            coverage,
            widest_gap_ms: widestGapMs,
          }))
        }),
      )
      return { ...range, timezone: deps.timezone, trends: series.flat() }
    },
  }),
  route({
    path: '/deltas',
    summary: 'The changes between the snapshots of one category, the newest first',
    query: z.object({
      account: ask.accountName.default('default'),
      category: ask.categoryName,
      before: z.iso.datetime({ offset: true }).optional(),
      limit,
    }),
    answer: z.strictObject({
      deltas: z.array(
        z.strictObject({
          ...category,
          previous_at: instant.nullable(),
          observed_at: instant,
          elapsed_ms: z.number().nullable(),
          kind: z.enum(['growth', 'correction', 'reset', 'dip', 'baseline']),
          decided: z.boolean(),
          ...counters,
          timespent: z.number().nullable(),
          extra: z.record(z.string(), z.number()).nullable(),
        }),
      ),
    }),
    read: async (deps, query) => ({ deltas: await readDeltas(sourceOf(deps), query) }),
  }),
  route({
    path: '/runs',
    summary: 'The runs, the newest first',
    query: z.object({ ...paged, troubled: ask.flag }),
    answer: z.strictObject({ runs: z.array(run) }),
    read: async (deps, { before, limit, troubled }) => ({
      runs: await readRuns(sourceOf(deps), { before, limit, troubled: troubled === 'yes' }),
    }),
  }),
  route({
    path: '/failures',
    summary: 'Categories that got no answer, and why; the newest first',
    query: z.object(paged),
    answer: z.strictObject({
      failures: z.array(
        z.strictObject({
          id: z.int(),
          run: z.int(),
          ...category,
          at: instant,
          class: z.string(),
          http_status: z.int().nullable(),
          api_code: z.int().nullable(),
          attempts: z.int(),
          message: z.string(),
        }),
      ),
    }),
    read: async (deps, { before, limit }) => ({
      failures: await readFailures(sourceOf(deps), { before, limit }),
    }),
  }),
  route({
    path: '/rejected',
    summary: 'Quarantined answers with their bodies, the newest first',
    query: z.object({ before: ask.before, limit: ask.wholeNumber(1, 100, 20) }),
    answer: z.strictObject({
      rejected: z.array(
        z.strictObject({
          id: z.int(),
          run: z.int(),
          ...category,
          at: instant,
          reason: z.string(),
          body: z.string(),
          body_length: z.int(),
        }),
      ),
    }),
    read: async (deps, { before, limit }) => ({
      rejected: await readRejected(sourceOf(deps), { before, limit, bodyLimit: WHOLE_BODY }),
    }),
  }),
  route({
    path: '/metrics',
    summary: 'The dictionary of metrics',
    query: z.object({}),
    answer: z.strictObject({
      metrics: z.array(
        z.strictObject({
          metric: z.enum(METRICS),
          kind: z.enum(['counter', 'gauge', 'rate']),
          label: z.string(),
          description: z.string(),
          unit: z.string(),
          formula: z.string().nullable(),
        }),
      ),
    }),
    read: async (deps) => ({ metrics: await readMetrics(sourceOf(deps)) }),
  }),
] as const satisfies readonly unknown[]

const WHOLE_BODY = 10_000_000

/** What an answer looks like that is none. */
export const Fault = z.strictObject({
  error: z.string().meta({ description: 'What happened' }),
  hint: z.string().nullable().meta({ description: 'What to do' }),
})
