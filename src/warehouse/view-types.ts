// The views of schemas sms and sync as Kysely sees them (docs/sql.md says what they mean).
import type { RateName } from '../counters/rates.ts'
import type { DeltaKind } from '../counters/step.ts'
import type { FailureRecord, Trigger } from '../spool/records.ts'
import type {
  BigInteger,
  CategoryNote,
  CategoryState,
  CounterColumns,
  DateText,
  LocalTimeText,
  Numeric,
  RunStatus,
  Tables,
} from './tables.ts'

interface OfCategory {
  account: string
  category: string
}

type RateColumns = { [name in RateName]: number | null }

interface SnapshotView extends OfCategory, CounterColumns {
  day: DateText
  observed_at: Date
  timespent: Numeric | null
  extra: unknown
  source: 'api' | 'import'
  run_id: number
}

interface DeltaView extends OfCategory, CounterColumns {
  day: DateText
  previous_at: Date | null
  observed_at: Date
  elapsed_seconds: number | null
  kind: DeltaKind
  decided: boolean
  timespent: Numeric | null
  extra: unknown
}

interface TrendView extends OfCategory, CounterColumns, RateColumns {
  timespent: Numeric | null
  snapshots: BigInteger
  corrections: BigInteger
  resets: BigInteger
  coverage: number
  widest_gap_seconds: number | null
  is_complete: boolean
}

interface LongView extends OfCategory {
  metric: string
  kind: 'counter' | 'gauge' | 'rate'
  value: Numeric | null
}

interface HourKey {
  hour: Date
}
interface DayKey {
  day: DateText
}
interface WeekKey {
  week: DateText
}
interface MonthKey {
  month: DateText
}

interface FreshnessView extends OfCategory {
  state: CategoryState
  last_snapshot_at: Date | null
  age_seconds: number | null
  expected_every_seconds: number | null
  stale: boolean | null
  last_failure_at: Date | null
  last_failure: string | null
}

interface RunView {
  id: number
  account: string | null
  trigger: Trigger
  scheduled_at: Date | null
  started_at: Date
  finished_at: Date | null
  status: RunStatus
  categories: number
  stored: number
  failed: number
  rejected: number
  late: number
  duration_seconds: number | null
}

interface FailureView {
  account: string
  /** Null: the question about the account itself. */
  category: string | null
  run: number
  at: Date
  class: FailureRecord['class']
  http_status: number | null
  api_code: number | null
  attempts: number
  message: string
}

interface DecisionView extends OfCategory {
  observed_at: Date
  decided_as: Tables['store.decision']['decided_as']
  decided_by: string
  decided_at: Date
  why: string
  holds: boolean
}

export interface Views {
  'sms.accounts': { account: string; label: string | null; created_at: Date }
  'sms.categories': OfCategory & {
    state: CategoryState
    label: string | null
    note: CategoryNote | null
    added_at: Date
    first_snapshot_at: Date | null
    last_snapshot_at: Date | null
  }
  'sms.snapshots': SnapshotView
  'sms.deltas': DeltaView
  'sms.latest': SnapshotView & { age_seconds: number }
  'sms.trends_hourly': TrendView & HourKey & DayKey & { local_hour: LocalTimeText; hour_of_day: number }
  'sms.trends_daily': TrendView & DayKey & { weekday: number }
  'sms.trends_weekly': TrendView & WeekKey
  'sms.trends_monthly': TrendView & MonthKey
  'sms.trends_hourly_long': LongView & HourKey
  'sms.trends_daily_long': LongView & DayKey
  'sms.trends_weekly_long': LongView & WeekKey
  'sms.trends_monthly_long': LongView & MonthKey
  'sms.freshness': FreshnessView
  'sms.metrics': {
    metric: string
    kind: 'counter' | 'gauge' | 'rate'
    label: string
    description: string
    unit: string
    formula: string | null
    position: number
  }
  'sms.calendar': {
    day: DateText
    starts_at: Date
    ends_at: Date
    hours: Numeric
    week: DateText
    month: DateText
    weekday: number
    is_weekend: boolean
  }
  'sync.runs': RunView
  'sync.failures': FailureView
  'sync.rejected': {
    account: string
    category: string | null
    run: number
    at: Date
    reason: string
    body: string
    stored_at: Date | null
  }
  'sync.decisions': DecisionView
  'sync.prunes': OfCategory & {
    pruned_at: Date
    snapshots: number
    kept_from: Date | null
    final_until: Date | null
  }
}
