// The tables of schema store as Kysely sees them (docs/store.sql shows them as SQL, migrations/0001_store.sql says
// what they mean). The columns of the counters come from the one list.
import type { Generated } from 'kysely'
import type { CounterName } from '../counters/names.ts'
import type { Decision, DeltaKind } from '../counters/step.ts'
import type { FailureRecord, Trigger } from '../spool/records.ts'

export const CATEGORY_STATES = ['active', 'paused', 'removed'] as const
export type CategoryState = (typeof CATEGORY_STATES)[number]
/** `empty`: no counter of the category was ever above 0. */
export type CategoryNote = 'empty'

export const RUN_STATUSES = ['ok', 'partial', 'failed', 'running', 'abandoned'] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

/** int8 arrives as a number where that is exact, else as text. */
export type BigInteger = number | string
/** numeric arrives as text. */
export type Numeric = string
/** A date arrives as text, for it has no zone: `2026-03-01`. */
export type DateText = string
/** So does a timestamp without time zone: `2026-03-01 14:00:00`. */
export type LocalTimeText = string

/** A column for each counter. */
export type CounterColumns = { [name in CounterName]: BigInteger | null }
type DeltaColumns = { [name in CounterName as `${name}_delta`]: BigInteger | null }

interface Account {
  id: Generated<number>
  name: string
  label: string | null
  created_at: Generated<Date>
}

interface Category {
  id: Generated<number>
  account_id: number
  name: string
  state: Generated<CategoryState>
  label: string | null
  added_at: Generated<Date>
  by_import: Generated<boolean>
}

interface Run {
  id: Generated<number>
  key: string
  account: string | null
  trigger: Trigger
  scheduled_at: Date | null
  started_at: Date
  finished_at: Date | null
  status: RunStatus
  categories: Generated<number>
  stored: Generated<number>
  failed: Generated<number>
  rejected: Generated<number>
  late: Generated<number>
  spooled_bytes: Generated<BigInteger>
}

interface Failure {
  id: Generated<number>
  run_id: number
  category_id: number
  at: Date
  class: FailureRecord['class']
  http_status: number | null
  api_code: number | null
  attempts: number
  message: string
}

interface Rejected {
  id: Generated<number>
  run_id: number
  category_id: number
  at: Date
  reason: string
  body: string
  stored_at: Generated<Date | null>
}

interface RecordedDecision {
  id: Generated<number>
  category_id: number
  observed_at: Date
  decided_as: Decision | 'auto'
  decided_by: string
  decided_at: Generated<Date>
  why: string
}

interface Snapshot extends CounterColumns, DeltaColumns {
  observed_at: Date
  previous_at: Date | null
  category_id: number
  run_id: number
  kind: DeltaKind | null
  imported: boolean
  decided: boolean | null
  timespent: Numeric | null
  timespent_delta: Numeric | null
  extra: unknown
  extra_delta: unknown
}

interface Bucket extends CounterColumns {
  day: DateText
  category_id: number
  widest_gap_ms: BigInteger | null
  snapshots: number
  corrections: number
  resets: number
  timespent: Numeric | null
}

interface Hour extends Bucket {
  hour: Date
}

/** Arrays of counters are the text of a bigint[]. */
interface Walk {
  category_id: number
  first_at: Date | null
  newest_at: Date | null
  standing_at: Date | null
  last: string | null
  last_timespent: Numeric | null
  last_extra: unknown
  open_dips: unknown
  hour: Date | null
  hour_growth: string | null
  hour_widest_gap_ms: BigInteger | null
  hour_snapshots: number | null
  hour_corrections: number | null
  hour_resets: number | null
  hour_timespent: Numeric | null
  day: DateText | null
  day_growth: string | null
  day_widest_gap_ms: BigInteger | null
  day_snapshots: number | null
  day_corrections: number | null
  day_resets: number | null
  day_timespent: Numeric | null
  snapshots_since_checkpoint: Generated<number>
}

/** An earlier copy of a walk row. */
interface Checkpoint extends Walk {
  newest_at: Date
}

interface Prune {
  id: Generated<number>
  /** Null: the category is gone itself, and only its name is left. */
  category_id: number | null
  account: string | null
  category: string | null
  pruned_at: Generated<Date>
  edge: Date | null
  snapshots: number
}

interface ExportedTotal {
  category_id: number
  counter: number
  first_at: Date
  shift: Generated<BigInteger>
  total: BigInteger
}

interface Reporting {
  one: Generated<boolean>
  timezone: string
  /** An interval. */
  expected_every: string | null
  /** The version of the rules that the derived rows were made by. */
  rules: number
}

interface Lease {
  name: string
  token: BigInteger
  holder: string | null
  expires_at: Date
}

interface CalendarDay {
  day: DateText
  starts_at: Date
  ends_at: Date
  week: DateText
  week_starts_at: Date
  week_ends_at: Date
  month: DateText
  month_starts_at: Date
  month_ends_at: Date
}

export interface Tables {
  'store.account': Account
  'store.category': Category
  'store.run': Run
  'store.failure': Failure
  'store.rejected': Rejected
  'store.decision': RecordedDecision
  'store.snapshot': Snapshot
  'store.hour': Hour
  'store.day': Bucket
  'store.walk': Walk
  'store.checkpoint': Checkpoint
  'store.prune': Prune
  'store.exported_total': ExportedTotal
  'store.reporting': Reporting
  'store.program': { version: string; migrated_at: Generated<Date> }
  'store.repeatable': { one: Generated<boolean>; checksum: string; version: string; applied_at: Date }
  'store.lease': Lease
  'store.calendar': CalendarDay
}
