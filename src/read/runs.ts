// How the syncing went: runs, failures and rejected answers, the newest first.
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

export interface Run {
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
  readonly duration_seconds: number | null
}

/** `troubled`: only those that did not end well. */
export async function readRuns(
  { db, hiddenAccount }: Source,
  { limit, before, troubled }: Page & { troubled: boolean },
): Promise<Run[]> {
  const { rows } = await sql<Run>`
    /* readRuns */
    select id, account, trigger, scheduled_at, started_at, finished_at, status, categories, stored, failed,
      rejected, late, duration_seconds
    from sync.runs
    where (${before ?? null}::int is null or id < ${before ?? null})
      and (${hiddenAccount}::text is null or account is distinct from ${hiddenAccount})
      and (not ${troubled} or status not in ('ok', 'running') or failed > 0 or rejected > 0)
    order by id desc limit ${limit}`.execute(db)
  return rows
}

/** The newest run that asked the provider; null if there is none yet. */
export async function readLastRun({ db }: Source): Promise<Run | null> {
  const { rows } = await sql<Run>`
    /* readLastRun */
    select * from sync.runs where trigger not in ('import', 'replay') order by id desc limit 1`.execute(db)
  return rows[0] ?? null
}

export interface Failure {
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

/** Not from the view, which has no id: a page of the newest would sort all there are. */
export async function readFailures(
  { db, hiddenAccount }: Source,
  { limit, before }: Page,
): Promise<Failure[]> {
  const { rows } = await sql<Failure>`
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

export interface FailureSummary {
  readonly account: string
  readonly category: string
  readonly class: ErrorClass
  readonly count: number
  readonly last_at: Date
  /** Of the newest one. */
  readonly message: string
}

/** The failures of the last 24 hours by category and class, the newest first. */
export async function readFailureSummaries({ db, hiddenAccount }: Source): Promise<FailureSummary[]> {
  const { rows } = await sql<FailureSummary>`
    /* readFailureSummaries */
    select account, category, class, count(*) as count, max(at) as last_at,
      (array_agg(message order by at desc))[1] as message
    from sync.failures
    where at > now() - interval '24 hours' and (${hiddenAccount}::text is null or account <> ${hiddenAccount})
    group by account, category, class order by max(at) desc`.execute(db)
  return rows
}

export interface Rejected {
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

/** As many characters as any body has. */
export const WHOLE_BODY = 10_000_000

/** Answers that were not stored; `id`: only that one. */
export async function readRejected(
  { db, hiddenAccount }: Source,
  { limit, before, id, bodyLimit }: Page & { id?: number | undefined; bodyLimit: number },
): Promise<Rejected[]> {
  const { rows } = await sql<Rejected>`
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
