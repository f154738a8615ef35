// Runs: each leaves one row that tells the truth, also when its process died.
import { sql } from 'kysely'
import type { RunRecord } from '../spool/records.ts'
import type { Db } from './pool.ts'
import type { RunStatus } from './tables.ts'

/** What happened to a run's answers so far. */
export interface RunCounts {
  readonly stored: number
  readonly rejected: number
  readonly late: number
}

/**
 * Writes the row of a run that begins. Its id; null where the tick of that instant was run by somebody else.
 * Safe to repeat: the row of a run that is there already is left alone.
 */
export async function beginRun(db: Db, run: RunRecord): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    /* beginRun */
    insert into store.run (key, account, trigger, scheduled_at, started_at, status, categories)
    values (${run.key}, ${run.account}, ${run.trigger}, ${instant(run.scheduledAt)}, ${instant(run.startedAt)},
      'running', ${run.categories})
    on conflict do nothing returning id`.execute(db)
  if (rows[0]) return rows[0].id
  const own = await db.selectFrom('store.run').select('id').where('key', '=', run.key).executeTakeFirst()
  return own?.id ?? null
}

/** The run whose segment is stored up to `fromBytes`, moved on to `toBytes`; null if somebody else has been there. */
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

export async function readSpooledBytes(db: Db, key: string): Promise<number | null> {
  const row = await db
    .selectFrom('store.run')
    .select('spooled_bytes')
    .where('key', '=', key)
    .executeTakeFirst()
  return row === undefined ? null : Number(row.spooled_bytes)
}

export async function addToRun(db: Db, id: number, { stored, rejected, late }: RunCounts): Promise<void> {
  await db
    .updateTable('store.run')
    .set((row) => ({
      stored: row('stored', '+', stored),
      rejected: row('rejected', '+', rejected),
      late: row('late', '+', late),
    }))
    .where('id', '=', id)
    .execute()
}

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

/** Marks the runs that are under way, to be called by who holds the lease: their processes died. Gives how many. */
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
