// The questions of the JSON API: for each its path, its parameters, its answer, and how it is read. Server and OpenAPI
// document are both made from this list.
import { z } from 'zod'
import { readAccounts } from '../../read/accounts.ts'
import { readCategories } from '../../read/categories.ts'
import { keyOf } from '../../read/category-keys.ts'
import { readDeltas } from '../../read/deltas.ts'
import { NO_FIGURES, readFigures } from '../../read/figures.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import { metricObjects } from '../../read/metrics.ts'
import {
  Account,
  CategoryWithFigures,
  Delta,
  date,
  Failure,
  Grains,
  MetricDefinition,
  Rejected,
  Run,
  Status,
  Trend,
} from '../../read/objects.ts'
import { readFailures, readRejected, readRuns, WHOLE_BODY } from '../../read/runs.ts'
import { readExpectedEverySeconds } from '../../read/schedule.ts'
import { sourceOf } from '../../read/source.ts'
import { readStatus } from '../../read/status.ts'
import { readNewestTrends, trendObject } from '../../read/trends.ts'
import type { AppDeps } from '../deps.ts'
import { dateIn } from '../format.ts'
import * as ask from '../query.ts'

interface Route<Query extends z.ZodObject> {
  readonly path: string
  readonly summary: string
  readonly query: Query
  readonly answer: z.ZodType
  /** Dates in it become ISO texts. */
  read(deps: AppDeps, query: z.output<Query>): Promise<unknown>
}

const route = <Query extends z.ZodObject>(definition: Route<Query>) => definition

const limit = ask.wholeNumber(1, 1000, 100)
const paged = { before: ask.before, limit }

export const ROUTES = [
  route({
    path: '/status',
    summary: 'The last run, the next tick, the spool, failures, and every category with its freshness',
    query: z.object({}),
    answer: Status,
    read: (deps) => readStatus({ ...deps, ...sourceOf(deps) }),
  }),
  route({
    path: '/accounts',
    summary: 'The accounts, with how many categories each has',
    query: z.object({}),
    answer: z.strictObject({ accounts: z.array(Account) }),
    read: async (deps) => ({ accounts: await readAccounts(sourceOf(deps)) }),
  }),
  route({
    path: '/categories',
    summary: 'The categories with their freshness and the figures of their last days',
    query: z.object({ ...ask.categoryFilter, offset: ask.wholeNumber(0, 1_000_000, 0), limit }),
    answer: z.strictObject({ total: z.int(), categories: z.array(CategoryWithFigures) }),
    async read(deps, query) {
      const { account, state, ...rest } = query
      const source = sourceOf(deps)
      const today = dateIn(deps.timezone, new Date())
      const order = ask.orderOf(query)
      const { total, rows } = await readCategories(source, { ...rest, account, state, order, today })
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
    query: z.object({ c: ask.someCategoryKeys, ...ask.range, metrics: ask.metrics }),
    answer: z.strictObject({
      by: Grains,
      from: date,
      to: date,
      timezone: z.string(),
      wide_gap_seconds: z.number().meta({
        description: 'A widest_gap_seconds above this: what grew in the gap is spread evenly over it',
      }),
      trends: z.array(Trend),
    }),
    async read(deps, { c: keys, metrics, ...asked }) {
      const range = ask.rangeWithin(asked, dateIn(deps.timezone, new Date()))
      const query = { ...range, metrics }
      const source = sourceOf(deps)
      const [expectedEverySeconds, ...series] = await Promise.all([
        readExpectedEverySeconds(source),
        ...keys.map(async (key) => {
          const trends = await readNewestTrends(source, query, key)
          return trends.map((trend) => trendObject(query, key, trend))
        }),
      ])
      return {
        ...range,
        timezone: deps.timezone,
        wide_gap_seconds: wideGapSeconds(range.by, expectedEverySeconds),
        trends: series.flat(),
      }
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
    answer: z.strictObject({ deltas: z.array(Delta) }),
    read: async (deps, query) => ({ deltas: await readDeltas(sourceOf(deps), query) }),
  }),
  route({
    path: '/runs',
    summary: 'The runs, the newest first',
    query: z.object({ ...paged, troubled: ask.flag }),
    answer: z.strictObject({ runs: z.array(Run) }),
    read: async (deps, { before, limit, troubled }) => ({
      runs: await readRuns(sourceOf(deps), { before, limit, troubled: troubled === 'yes' }),
    }),
  }),
  route({
    path: '/failures',
    summary: 'Categories that got no answer, and why; the newest first',
    query: z.object(paged),
    answer: z.strictObject({ failures: z.array(Failure) }),
    read: async (deps, { before, limit }) => ({
      failures: await readFailures(sourceOf(deps), { before, limit }),
    }),
  }),
  route({
    path: '/rejected',
    summary: 'Answers that were not stored, with their bodies, the newest first',
    query: z.object({ before: ask.before, limit: ask.wholeNumber(1, 100, 20) }),
    answer: z.strictObject({ rejected: z.array(Rejected) }),
    read: async (deps, { before, limit }) => ({
      rejected: await readRejected(sourceOf(deps), { before, limit, bodyLimit: WHOLE_BODY }),
    }),
  }),
  route({
    path: '/metrics',
    summary: 'The dictionary of metrics',
    query: z.object({}),
    answer: z.strictObject({ metrics: z.array(MetricDefinition) }),
    read: async () => ({ metrics: metricObjects }),
  }),
] as const satisfies readonly unknown[]
