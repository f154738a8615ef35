// What `status` and health pages tell: the last run, what is stale, what failed, how much is stored.
import { sql } from 'kysely'
import type { Trigger } from '../spool/records.ts'
import type { Db } from './pool.ts'
import type { RunStatus } from './tables.ts'

export interface LastRun {
  readonly id: number
  readonly trigger: Trigger
  readonly startedAt: Date
  readonly status: RunStatus
  readonly categories: number
  readonly stored: number
  readonly failed: number
  readonly rejected: number
  readonly late: number
}

export interface CategoryFreshness {
  readonly account: string
  readonly category: string
  readonly state: string
  readonly lastSnapshotAt: Date | null
  readonly stale: boolean
}

export interface FailureCount {
  readonly account: string
  readonly category: string
  readonly class: string
  readonly count: number
  readonly lastAt: Date
  readonly message: string
}

export interface Storage {
  readonly databaseBytes: number
  readonly snapshots: number
  readonly rejectedLastDay: number
}

/** The newest run that asked; null if there is none yet. */
export async function readLastRun(db: Db): Promise<LastRun | null> {
  const { rows } = await sql<LastRun>`
    /* readLastRun */
    select id, trigger, started_at as "startedAt", status, categories, stored, failed, rejected, late
    from store.run where trigger not in ('import', 'replay') order by id desc limit 1`.execute(db)
  return rows[0] ?? null
}

/** All categories that are not removed, the stale ones first. */
export async function readFreshness(db: Db): Promise<CategoryFreshness[]> {
  const { rows } = await sql<CategoryFreshness>`
    /* readFreshness */
    select account, category, state, last_snapshot_at as "lastSnapshotAt", coalesce(stale, false) as stale
    from sms.freshness where state <> 'removed'
    order by stale desc nulls last, account, category`.execute(db)
  return rows
}

export interface SentOnDay {
  /** Of the reporting zone: `2026-03-01`. */
  readonly day: string
  /** Null: unknown. */
  readonly sent: number | null
}

export const keyOf = ({ account, category }: { account: string; category: string }) =>
  JSON.stringify([account, category])

/**
 * What was sent on each of the last `days` up to today, the oldest first, by category as `keyOf` has it; of the
 * categories named, or of all where null.
 */
export async function readSentByDay(
  db: Db,
  days: number,
  categories: readonly { account: string; category: string }[] | null,
): Promise<ReadonlyMap<string, readonly SentOnDay[]>> {
  const [accounts, names] = [categories?.map((c) => c.account), categories?.map((c) => c.category)]
  const wanted = categories
    ? sql`(a.name, c.name) in (select * from unnest(${accounts}::text[], ${names}::text[]))`
    : sql`true`
  const { rows } = await sql<{ account: string; category: string; sentByDay: SentOnDay[] }>`
    /* readSentByDay */
    with days as materialized (
      select day from store.calendar where starts_at <= now() order by day desc limit ${days}
    ), wanted as materialized (
      select c.id, a.name as account, c.name as category
      from store.category c join store.account a on a.id = c.account_id where ${wanted}
    )
    select w.account, w.category,
      json_agg(json_build_object('day', d.day, 'sent', t.sent) order by d.day) as "sentByDay"
    from wanted w cross join days d
    left join store.all_days t on t.category_id = w.id and t.day = d.day
      and t.category_id = any(array(select id from wanted)) and t.day >= (select min(day) from days)
    group by w.account, w.category`.execute(db)
  return new Map(rows.map(({ sentByDay, ...key }) => [keyOf(key), sentByDay]))
}

/** The failures of the last 24 hours by category and class, the newest first. */
export async function readFailures(db: Db): Promise<FailureCount[]> {
  const { rows } = await sql<FailureCount>`
    /* readFailures */
    select account, category, class, count(*) as count, max(at) as "lastAt",
      (array_agg(message order by at desc))[1] as message
    from sync.failures where at > now() - interval '24 hours'
    group by account, category, class order by max(at) desc`.execute(db)
  return rows
}

/** Sizes; the number of snapshots is PostgreSQL's estimate, for counting them all would read them all. */
export async function readStorage(db: Db): Promise<Storage> {
  const { rows } = await sql<Storage>`
    /* readStorage */
    select pg_database_size(current_database()) as "databaseBytes",
      (
        select greatest(c.reltuples::bigint, s.n_live_tup) from pg_class c, pg_stat_user_tables s
        where c.oid = 'store.snapshot'::regclass and s.relid = c.oid
      ) as snapshots,
      (select count(*) from store.rejected where at > now() - interval '24 hours') as "rejectedLastDay"`.execute(
    db,
  )
  return rows[0]!
}
