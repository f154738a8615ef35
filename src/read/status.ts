// The state of things: last run, next tick, spool, what is stale, what failed, how much is stored.
import { sql } from 'kysely'
import type { Spool } from '../spool/spool.ts'
import type { CategoryNote, CategoryState } from '../warehouse/tables.ts'
import { type AccountStats, readAccountStats } from './account-stats.ts'
import { keyOf } from './category-keys.ts'
import { type Rejecting, readRejecting } from './rejecting.ts'
import { type FailureSummary, type Run, readFailureSummaries, readLastRun } from './runs.ts'
import { readSentByDay, type SentOnDay } from './sent-by-day.ts'
import type { Source } from './source.ts'
import { listWaiting } from './waiting.ts'

/** What is known of the program itself. */
export interface StatusContext extends Source {
  readonly spool: Spool
  readonly demo: boolean
  readonly timezone: string
  /** The cron line of the ticks. */
  readonly schedule: string
  nextTickAt(): Date | null
}

export interface StatusSummary {
  readonly demo: boolean
  readonly now: Date
  readonly timezone: string
  readonly schedule: string
  readonly next_tick_at: Date | null
  readonly last_run: Run | null
  readonly spool: { readonly runs: number; readonly bytes: number }
  readonly category_counts: { readonly active: number; readonly paused: number; readonly stale: number }
  /** In the last 24 hours. */
  readonly failed_last_day: number
  readonly rejected_last_day: number
  /** Categories whose newest answers were rejected, those of the longest time first. */
  readonly rejecting: readonly Rejecting[]
  readonly accounts: readonly AccountStats[]
}

export interface CategoryStatus {
  readonly account: string
  readonly category: string
  readonly state: CategoryState
  readonly note: CategoryNote | null
  readonly last_snapshot_at: Date | null
  readonly stale: boolean
  /** Of the last 14 days up to today, the oldest first; null: not read. */
  readonly sent_by_day: readonly SentOnDay[] | null
}

export interface Status extends StatusSummary {
  readonly storage: Storage
  /** Of the last 24 hours, by category and class, the newest first. */
  readonly failures: readonly FailureSummary[]
  /** All that are not removed, the stale ones first. */
  readonly categories: readonly CategoryStatus[]
}

export interface Storage {
  readonly database_bytes: number
  /** PostgreSQL's estimate: counting them all would read them all. */
  readonly snapshots: number
}

export const SENT_DAYS = 14

export async function readStatusSummary(context: StatusContext): Promise<StatusSummary> {
  const { db, hiddenAccount, spool } = context
  const visible = sql`(${hiddenAccount}::text is null or account is distinct from ${hiddenAccount})`
  const [lastRun, rejecting, segments, accounts, counts] = await Promise.all([
    readLastRun(context),
    readRejecting(context),
    listWaiting(spool, db),
    readAccountStats(context),
    sql<{ active: number; paused: number; stale: number; failed: number; rejected: number }>`
      /* readStatus */
      select * from (
        select count(*) filter (where state = 'active') as active, count(*) filter (where stale) as stale,
          count(*) filter (where state = 'paused') as paused
        from sms.freshness where ${visible}
      ) categories, (
        select coalesce(sum(failed), 0) as failed, coalesce(sum(rejected), 0) as rejected
        from sync.runs where started_at > now() - interval '1 day' and ${visible}
      ) runs`.execute(db),
  ])
  const { active, paused, stale, failed, rejected } = counts.rows[0]!
  return {
    demo: context.demo,
    now: new Date(),
    timezone: context.timezone,
    schedule: context.schedule,
    next_tick_at: context.nextTickAt(),
    last_run: lastRun,
    spool: { runs: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) },
    category_counts: { active, paused, stale },
    failed_last_day: failed,
    rejected_last_day: rejected,
    rejecting,
    accounts,
  }
}

/** `detailed`: for how many of the categories what was sent by day is read. */
export async function readStatus(
  context: StatusContext,
  detailed = Number.POSITIVE_INFINITY,
): Promise<Status> {
  const [summary, storage, failures, freshness] = await Promise.all([
    readStatusSummary(context),
    readStorage(context),
    readFailureSummaries(context),
    readFreshness(context),
  ])
  const chosen = detailed < freshness.length ? freshness.slice(0, detailed) : null
  const sent = await readSentByDay(context, SENT_DAYS, chosen)
  const categories = freshness.map((row) => ({ ...row, sent_by_day: sent.get(keyOf(row)) ?? null }))
  return { ...summary, storage, failures, categories }
}

async function readFreshness({ db, hiddenAccount }: Source): Promise<Omit<CategoryStatus, 'sent_by_day'>[]> {
  let query = db
    .selectFrom('sms.freshness as f')
    .innerJoin('sms.categories as c', (join) =>
      join.onRef('c.account', '=', 'f.account').onRef('c.category', '=', 'f.category'),
    )
    .select(['f.account', 'f.category', 'f.state', 'c.note', 'f.last_snapshot_at'])
    .select(sql<boolean>`coalesce(f.stale, false)`.as('stale'))
    .where('f.state', '<>', 'removed')
    .orderBy('stale', 'desc')
    .orderBy('f.account')
    .orderBy('f.category')
  if (hiddenAccount !== null) query = query.where('f.account', '<>', hiddenAccount)
  return await query.execute()
}

async function readStorage({ db }: Source): Promise<Storage> {
  const { rows } = await sql<Storage>`
    /* readStorage */
    select pg_database_size(current_database()) as database_bytes,
      (
        select greatest(c.reltuples::bigint, s.n_live_tup) from pg_class c, pg_stat_user_tables s
        where c.oid = 'store.snapshot'::regclass and s.relid = c.oid
      ) as snapshots`.execute(db)
  return rows[0]!
}
