// The objects that commands print with --json and the API returns, one schema each. Names are those of the SQL
// columns; the API and its OpenAPI document are made from these schemas, and a test holds the commands to them.
import { z } from 'zod'
import { GRAINS, type Grain } from '../counters/grains.ts'
import { COUNTERS } from '../counters/names.ts'
import { DELTA_KINDS } from '../counters/step.ts'
import { ERROR_CLASSES } from '../primotexto/answer.ts'
import { TRIGGERS } from '../spool/records.ts'
import { RUN_STATUSES } from '../warehouse/tables.ts'
import { METRICS, type MetricName } from './metrics.ts'

export const instant = z.iso.datetime().meta({ description: 'An instant, in UTC' })
export const date = z.iso.date().meta({ description: 'A date of the reporting time zone' })
const count = z
  .union([z.int(), z.string().regex(/^-?\d+$/)])
  .meta({ description: 'An integer; as text where a double could not hold it' })
const rate = z.number().nullable().meta({ description: 'A ratio; null where unknown' })
const seconds = z.number().nullable().meta({ description: 'Seconds; null where unknown' })
const state = z.enum(['active', 'paused', 'removed'])
const note = z.enum(['empty']).meta({ description: 'empty: no counter was ever above 0' })
const key = { account: z.string(), category: z.string() }
const ofSeries = {
  account: z.string(),
  category: z.string().nullable().meta({ description: 'Null: the account itself' }),
}

/** A row of sync.runs. */
export const Run = z.strictObject({
  id: z.int(),
  account: z.string().nullable(),
  trigger: z.enum(TRIGGERS),
  scheduled_at: instant.nullable(),
  started_at: instant,
  finished_at: instant.nullable(),
  status: z.enum(RUN_STATUSES),
  categories: z.int(),
  stored: z.int(),
  failed: z.int(),
  rejected: z.int(),
  late: z.int(),
  duration_seconds: seconds,
})

/** A row of sync.failures, with its id. */
export const Failure = z.strictObject({
  id: z.int(),
  run: z.int(),
  ...ofSeries,
  at: instant,
  class: z.enum(ERROR_CLASSES),
  http_status: z.int().nullable(),
  api_code: z.int().nullable(),
  attempts: z.int(),
  message: z.string(),
})

/** The failures of one class of a category in the last 24 hours. */
export const FailureSummary = z.strictObject({
  ...ofSeries,
  class: z.enum(ERROR_CLASSES),
  count: z.int(),
  last_at: instant,
  message: z.string(),
})

/** A row of sync.rejected, with its id. */
export const Rejected = z.strictObject({
  id: z.int(),
  run: z.int(),
  ...ofSeries,
  at: instant,
  reason: z.string(),
  body: z.string(),
  body_length: z.int(),
  stored_at: instant.nullable(),
})

export const Account = z.strictObject({
  account: z.string(),
  label: z.string().nullable(),
  created_at: instant,
  categories: z.int(),
})

/** A row of sms.categories. */
export const Category = z.strictObject({
  ...key,
  state,
  label: z.string().nullable(),
  note: note.nullable(),
  added_at: instant,
  first_snapshot_at: instant.nullable(),
  last_snapshot_at: instant.nullable(),
})

/** A category with its freshness and the figures of its last days. */
export const CategoryWithFigures = Category.extend({
  stale: z.boolean(),
  last_failure_at: instant.nullable(),
  last_failure: z.string().nullable(),
  sent_today: count.nullable(),
  sent_7_days: count.nullable(),
  sent_7_days_before: count.nullable(),
  change: rate,
  delivery_rate: rate,
  open_rate: rate,
  click_rate: rate,
})

/** What an account says of itself; its days are the last seven that are complete. */
export const AccountStats = z.strictObject({
  account: z.string(),
  observed_at: instant,
  credits: z.number().nullable(),
  per_day: z.number().nullable(),
  days_left: z.number().nullable(),
  empty_on: date.nullable(),
  sent_7_days: count.nullable(),
  attributed_7_days: count.nullable(),
  unattributed_7_days: count.nullable(),
})

export const Status = z.strictObject({
  demo: z.boolean(),
  now: instant,
  timezone: z.string(),
  schedule: z.string(),
  next_tick_at: instant.nullable(),
  last_run: Run.nullable(),
  spool: z.strictObject({ runs: z.int(), bytes: z.int() }),
  category_counts: z.strictObject({ active: z.int(), paused: z.int(), stale: z.int() }),
  failed_last_day: z.int(),
  rejected_last_day: z.int(),
  rejecting: z
    .array(z.strictObject({ ...ofSeries, since: instant, answers: z.int(), reason: z.string() }))
    .meta({ description: 'Categories whose newest answers were rejected, with when that began' }),
  storage: z.strictObject({ database_bytes: z.int(), snapshots: z.int() }),
  accounts: z.array(AccountStats),
  failures: z.array(FailureSummary),
  categories: z.array(
    z.strictObject({
      ...key,
      state,
      note: note.nullable(),
      last_snapshot_at: instant.nullable(),
      stale: z.boolean(),
      sent_by_day: z.array(z.strictObject({ day: date, sent: count.nullable() })).nullable(),
    }),
  ),
})

const metricValue = (name: MetricName) =>
  (COUNTERS as readonly string[]).includes(name) ? count.nullable() : z.number().nullable()

/** A row of a trend view, with all metrics or some; its bucket is in the column of its grain. */
export const Trend = z.strictObject({
  ...key,
  hour: instant.optional(),
  day: date.optional(),
  week: date.optional(),
  month: date.optional(),
  ...(Object.fromEntries(METRICS.map((name) => [name, metricValue(name).optional()])) as Record<
    MetricName,
    z.ZodOptional<ReturnType<typeof metricValue>>
  >),
  snapshots: z.int(),
  corrections: z.int(),
  resets: z.int(),
  coverage: z.number(),
  widest_gap_seconds: seconds,
  is_complete: z.boolean(),
} satisfies Partial<Record<Grain, z.ZodType>> & Record<string, z.ZodType>)

/** A row of sms.deltas. */
export const Delta = z.strictObject({
  ...key,
  day: date,
  previous_at: instant.nullable(),
  observed_at: instant,
  elapsed_seconds: seconds,
  kind: z.enum(DELTA_KINDS),
  decided: z.boolean(),
  ...Object.fromEntries(COUNTERS.map((name) => [name, count.nullable()])),
  timespent: z.number().nullable(),
  extra: z.record(z.string(), z.number()).nullable(),
})

/** A row of sms.metrics. */
export const MetricDefinition = z.strictObject({
  metric: z.enum(METRICS),
  kind: z.enum(['counter', 'gauge', 'rate']),
  label: z.string(),
  description: z.string(),
  unit: z.string(),
  formula: z.string().nullable(),
})

/** What is returned instead of an answer that cannot be given. */
export const ErrorBody = z.strictObject({
  error: z.string().meta({ description: 'What happened' }),
  hint: z.string().nullable().meta({ description: 'What to do' }),
})

export const Grains = z.enum(GRAINS)
