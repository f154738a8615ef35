// Runs: each has one row, which is true even if its process dies.
import { sql } from 'kysely'
import type { FinishedRecord, RunRecord } from '../spool/records.ts'
import type { Db } from './pool.ts'
import type { RunStatus } from './tables.ts'

/** What happened to a run's answers so far. */
export interface RunCounts {
  readonly stored: number
  readonly rejected: number
  readonly late: number
}

export const NO_COUNTS: RunCounts = { stored: 0, rejected: 0, late: 0 }

export function sumOfCounts(a: RunCounts, b: RunCounts): RunCounts {
  return { stored: a.stored + b.stored, rejected: a.rejected + b.rejected, late: a.late + b.late }
}

/**
 * Writes the row of a run that begins. Returns its id, or null if another process ran the tick of that instant. Safe
 * to repeat: an existing row stays as it is.
 */
export async function beginRun(
  db: Db,
  run: RunRecord,
  status: 'running' | 'abandoned' = 'running',
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    /* beginRun */
    insert into store.run (key, account, trigger, scheduled_at, started_at, status, categories)
    values (${run.key}, ${run.account}, ${run.trigger}, ${instant(run.scheduledAt)}, ${instant(run.startedAt)},
      ${status}, ${run.categories})
    on conflict do nothing returning id`.execute(db)
  return rows[0]?.id ?? (await findRun(db, run.key))?.id ?? null
}

/** What is known of the run of a spool segment; null: nothing. */
export async function findRun(
  db: Db,
  key: string,
): Promise<{ id: number; spooledBytes: number; isFinished: boolean } | null> {
  const row = await db
    .selectFrom('store.run')
    .select(['id', 'spooled_bytes', 'finished_at'])
    .where('key', '=', key)
    .executeTakeFirst()
  if (row === undefined) return null
  return { id: row.id, spooledBytes: Number(row.spooled_bytes), isFinished: row.finished_at !== null }
}

/** Moves a run whose segment is stored up to `fromBytes` on to `toBytes`; null if another process has stored that part. */
export async function advanceRun(
  db: Db,
  key: string,
  fromBytes: number,
  toBytes: number,
): Promise<number | null> {
  const row = await db
    .updateTable('store.run')
    .set({ spooled_bytes: toBytes })
    .where('key', '=', key)
    .where('spooled_bytes', '=', fromBytes)
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** The status of a run, from how many of its categories have no reading. */
export function statusOf(categories: number, without: number): FinishedRecord['status'] {
  if (without === 0) return 'ok'
  return without < categories ? 'partial' : 'failed'
}

/** Adds to the row, and returns its sums. */
export async function addToRun(
  db: Db,
  id: number,
  { stored, rejected, late, failed = 0 }: RunCounts & { failed?: number },
): Promise<{ categories: number; rejected: number }> {
  return await db
    .updateTable('store.run')
    .set((row) => ({
      stored: row('stored', '+', stored),
      rejected: row('rejected', '+', rejected),
      late: row('late', '+', late),
      failed: row('failed', '+', failed),
    }))
    .where('id', '=', id)
    .returning(['categories', 'rejected'])
    .executeTakeFirstOrThrow()
}

/**
 * Adds to the row of a replay, in the transaction that stores what it counts; the first call makes the row. The row
 * counts as finished after each call, so that it is true even if no further one follows.
 */
export async function addToReplay(
  db: Db,
  { key, startedAt }: { key: string; startedAt: number },
  { stored, rejected, late }: RunCounts,
): Promise<void> {
  await sql`
    /* addToReplay */
    insert into store.run (key, trigger, started_at, finished_at, status, stored, rejected, late)
    values (${key}, 'replay', ${new Date(startedAt)}, ${new Date()}, 'ok', ${stored}, ${rejected}, ${late})
    on conflict (key) do update
    set finished_at = excluded.finished_at, stored = run.stored + excluded.stored,
      rejected = run.rejected + excluded.rejected, late = run.late + excluded.late`.execute(db)
}

/** `failed`: how many categories failed or were not asked, in all. */
export async function finishRun(
  db: Db,
  id: number,
  status: RunStatus,
  at: number,
  failed: number,
): Promise<void> {
  await db
    .updateTable('store.run')
    .set({ status, finished_at: new Date(at), failed })
    .where('id', '=', id)
    .execute()
}

/** Marks unfinished runs as abandoned, and returns how many. The caller holds the lease, so their processes have died. */
export async function abandonRuns(db: Db): Promise<number> {
  const result = await db
    .updateTable('store.run')
    .set({ status: 'abandoned' })
    .where('status', '=', 'running')
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

function instant(at: number | null): Date | null {
  return at === null ? null : new Date(at)
}

/** What a run's row counts; zeros if there is no row. */
export async function readCounts(db: Db, key: string): Promise<RunCounts> {
  const row = await db
    .selectFrom('store.run')
    .select(['stored', 'rejected', 'late'])
    .where('key', '=', key)
    .executeTakeFirst()
  return row ?? NO_COUNTS
}

/** Whether a process has begun the tick of that instant for the same accounts. */
export async function isBegun(db: Db, { account, scheduledAt }: Pick<RunRecord, 'account' | 'scheduledAt'>) {
  const { rows } = await sql<{ begun: boolean }>`
    /* isBegun */
    select exists (
      select from store.run where trigger = 'schedule' and scheduled_at = ${instant(scheduledAt)}
        and coalesce(account, '') = ${account ?? ''}
    ) as begun`.execute(db)
  return rows[0]!.begun
}

/** How far the segments of runs are stored, in bytes, by the keys of the runs that are known. */
export async function readSpooledBytes(db: Db, keys: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ key: string; bytes: number }>`
    /* readSpooledBytes */
    select key, spooled_bytes as bytes from store.run where key = any(${keys}::uuid[])`.execute(db)
  return new Map(rows.map(({ key, bytes }) => [key, bytes]))
}
