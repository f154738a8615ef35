// How the syncing went: runs, failures and quarantined answers, the newest first.
import { sql } from 'kysely'
import type { ErrorClass } from '../primotexto/answer.ts'
import type { Trigger } from '../spool/records.ts'
import type { RunStatus } from '../warehouse/tables.ts'
import type { Source } from './source.ts'

/** Where a page of a list begins, and how long it is. */
export interface Page {
  readonly limit: number
  /** Only what is older than the row of this id; undefined: from the newest on. */
  readonly before?: number | undefined
}

export interface RunRow {
  readonly id: number
  readonly account: string | null
  readonly trigger: Trigger
  readonly scheduled_at: Date | null
  readonly started_at: Date
  readonly finished_at: Date | null
  readonly status: RunStatus
  readonly categories: number
  readonly stored: number
  readonly failed: number
  readonly rejected: number
  readonly late: number
  readonly duration_ms: number | null
}

/** `troubled`: only those that did not end well. */
export async function readRuns(
  { db, hiddenAccount }: Source,
  { limit, before, troubled }: Page & { troubled: boolean },
): Promise<RunRow[]> {
  const { rows } = await sql<RunRow>`
    /* readRuns */
    select id, account, trigger, scheduled_at, started_at, finished_at, status, categories, stored, failed,
      rejected, late, extract(epoch from duration)::float8 * 1000 as duration_ms
    from sync.runs
    where (${before ?? null}::int is null or id < ${before ?? null})
      and (${hiddenAccount}::text is null or account is distinct from ${hiddenAccount})
      and (not ${troubled} or status not in ('ok', 'running') or failed > 0 or rejected > 0)
    order by id desc limit ${limit}`.execute(db)
  return rows
}

export interface FailureRow {
  readonly id: number
  readonly run: number
  readonly account: string
  readonly category: string
  readonly at: Date
  readonly class: ErrorClass
  readonly http_status: number | null
  readonly api_code: number | null
  readonly attempts: number
  readonly message: string
}

// The views have no id, and a page of the newest must not sort all there are.
export async function readFailures(
  { db, hiddenAccount }: Source,
  { limit, before }: Page,
): Promise<FailureRow[]> {
  const { rows } = await sql<FailureRow>`
    /* readFailures */
    select f.id, f.run_id as run, a.name as account, c.name as category, f.at, f.class, f.http_status, f.api_code,
      f.attempts, f.message
    from store.failure f
    join store.category c on c.id = f.category_id
    join store.account a on a.id = c.account_id
    where (${before ?? null}::bigint is null or f.id < ${before ?? null})
      and (${hiddenAccount}::text is null or a.name <> ${hiddenAccount})
    order by f.id desc limit ${limit}`.execute(db)
  return rows
}

export interface RejectedRow {
  readonly id: number
  readonly run: number
  readonly account: string
  readonly category: string
  readonly at: Date
  readonly reason: string
  /** Its first `bodyLimit` characters. */
  readonly body: string
  /** Of the whole body, in characters. */
  readonly body_length: number
}

/** Quarantined answers; `id`: only that one. */
export async function readRejected(
  { db, hiddenAccount }: Source,
  { limit, before, id, bodyLimit }: Page & { id?: number | undefined; bodyLimit: number },
): Promise<RejectedRow[]> {
  const { rows } = await sql<RejectedRow>`
    /* readRejected */
    select r.id, r.run_id as run, a.name as account, c.name as category, r.at, r.reason,
      left(r.body, ${bodyLimit}) as body, length(r.body) as body_length
    from store.rejected r
    join store.category c on c.id = r.category_id
    join store.account a on a.id = c.account_id
    where (${before ?? null}::bigint is null or r.id < ${before ?? null})
      and (${id ?? null}::bigint is null or r.id = ${id ?? null})
      and (${hiddenAccount}::text is null or a.name <> ${hiddenAccount})
    order by r.id desc limit ${limit}`.execute(db)
  return rows
}

export interface MetricRow {
  readonly metric: string
  readonly kind: 'counter' | 'gauge' | 'rate'
  readonly label: string
  readonly description: string
  readonly unit: string
  readonly formula: string | null
}

/** The dictionary, in its order. */
export async function readMetrics({ db }: Source): Promise<MetricRow[]> {
  const { rows } = await sql<MetricRow>`
    /* readMetrics */
    select metric, kind, label, description, unit, formula from sms.metrics order by position`.execute(db)
  return rows
}
