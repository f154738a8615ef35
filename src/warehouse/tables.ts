// The tables of schema store as Kysely sees them (migrations/0001_store.sql says what they mean).
import type { Generated } from 'kysely'
import type { Decision, DeltaKind } from '../counters/step.ts'
import type { Trigger } from '../spool/records.ts'

export type CategoryState = 'active' | 'paused' | 'removed'
export const RUN_STATUSES = ['ok', 'partial', 'failed', 'running', 'abandoned'] as const
export type RunStatus = (typeof RUN_STATUSES)[number]
/** int8 arrives as a number where that is exact, else as text. */
type BigInteger = number | string

export interface Tables {
  'store.account': { id: Generated<number>; name: string; label: string | null; created_at: Generated<Date> }
  'store.category': {
    id: Generated<number>
    account_id: number
    name: string
    state: Generated<CategoryState>
    label: string | null
    added_at: Generated<Date>
    by_import: Generated<boolean>
  }
  'store.run': {
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
  'store.failure': {
    id: Generated<number>
    run_id: number
    category_id: number
    at: Date
    class: string
    http_status: number | null
    api_code: number | null
    attempts: number
    message: string
  }
  'store.rejected': {
    id: Generated<number>
    run_id: number
    category_id: number
    at: Date
    reason: string
    body: string
  }
  'store.decision': {
    id: Generated<number>
    category_id: number
    observed_at: Date
    decided_as: Decision | 'auto'
    decided_by: string
    decided_at: Generated<Date>
    why: string
  }
  'store.snapshot': {
    observed_at: Date
    category_id: number
    run_id: number
    imported: boolean
    timespent: string | null
    extra: unknown
    kind: DeltaKind | null
    decided: boolean | null
    previous_at: Date | null
  }
  'store.walk': { category_id: number; first_at: Date | null; newest_at: Date | null }
  'store.prune': {
    id: Generated<number>
    category_id: number
    pruned_at: Generated<Date>
    edge: Date | null
    snapshots: number
  }
  'store.reporting': {
    one: Generated<boolean>
    timezone: string
    expected_every: string | null
    /** The version of the rules that the derived rows were made by. */
    rules: number
  }
  'store.repeatable': { one: Generated<boolean>; checksum: string; version: string; applied_at: Date }
  'store.program': { version: string; migrated_at: Generated<Date> }
  'store.lease': { name: string; token: BigInteger; holder: string | null; expires_at: Date }
  'store.calendar': { day: string; starts_at: Date; ends_at: Date }
}
