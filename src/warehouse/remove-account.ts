// Takes a whole account out, for demo data among real ones. Its snapshots go through the door of pruning, so the
// database itself logs how many there were.
import { sql } from 'kysely'
import { ITSELF } from '../counters/account.ts'
import type { Db, Warehouse } from './pool.ts'
import { numberArray } from './series/text.ts'

/** How many rows of each kind there were. */
export interface RemovedAccount {
  readonly categories: number
  readonly snapshots: number
  readonly decisions: number
  readonly failures: number
  readonly rejected: number
  /** Those that stored nothing of other accounts. */
  readonly runs: number
}

/** All of it in one transaction, or nothing; null: there is no such account. `dryRun`: changes nothing. */
export async function removeAccount(
  warehouse: Warehouse,
  account: string,
  { dryRun }: { dryRun: boolean },
): Promise<RemovedAccount | null> {
  let removed: RemovedAccount | null = null
  await warehouse
    .transaction(async ({ db }) => {
      const found = await db
        .selectFrom('store.account')
        .select('id')
        .where('name', '=', account)
        .forUpdate()
        .executeTakeFirst()
      if (found === undefined) return
      removed = await remove(db, found.id, account)
      if (dryRun) throw TAKEN_BACK
    })
    .catch((error) => {
      if (error !== TAKEN_BACK) throw error
    })
  return removed
}

const TAKEN_BACK = new Error('a dry run changes nothing')

/** The derived rows of a category. */
const DERIVED = ['store.hour', 'store.day', 'store.walk', 'store.checkpoint', 'store.exported_total'] as const

async function remove(db: Db, accountId: number, account: string): Promise<RemovedAccount> {
  const series = await lockSeries(db, accountId)
  const ids = series.map(({ id }) => id)
  const runs = await runsOf(db, ids, account)
  await sql`select set_config('primosync.pruning', 'on', true)`.execute(db)
  const ofIds = sql<number>`any(${numberArray(ids)}::integer[])`
  const take = async (
    table:
      | (typeof DERIVED)[number]
      | 'store.snapshot'
      | 'store.decision'
      | 'store.failure'
      | 'store.rejected',
  ) => {
    const { numDeletedRows } = await db.deleteFrom(table).where('category_id', '=', ofIds).executeTakeFirst()
    return Number(numDeletedRows)
  }
  for (const table of DERIVED) await take(table)
  const snapshots = await take('store.snapshot')
  const decisions = await take('store.decision')
  const failures = await take('store.failure')
  const rejected = await take('store.rejected')
  // What was logged about these categories keeps their names.
  await sql`
    /* keepPruneLog */
    update store.prune p set category_id = null, account = ${account}, category = c.name
    from store.category c where c.id = p.category_id and c.account_id = ${accountId}`.execute(db)
  await db.deleteFrom('store.category').where('account_id', '=', accountId).execute()
  await db.deleteFrom('store.account').where('id', '=', accountId).execute()
  return {
    categories: series.filter(({ name }) => name !== ITSELF).length,
    snapshots,
    decisions,
    failures,
    rejected,
    runs: await removeRuns(db, runs),
  }
}

/** Locks them until the end of the transaction. */
async function lockSeries(db: Db, accountId: number): Promise<{ id: number; name: string }[]> {
  return await db
    .selectFrom('store.walk as w')
    .innerJoin('store.category as c', 'c.id', 'w.category_id')
    .select(['c.id', 'c.name'])
    .where('c.account_id', '=', accountId)
    .orderBy('c.id')
    .forUpdate('w')
    .execute()
}

/** Runs for this account alone, and those that stored, or failed to store, something of it. */
async function runsOf(db: Db, ids: readonly number[], account: string): Promise<number[]> {
  const ofIds = sql`any(${numberArray(ids)}::integer[])`
  const { rows } = await sql<{ id: number }>`
    /* runsOfAccount */
    select run_id as id from store.snapshot where category_id = ${ofIds}
    union select run_id from store.failure where category_id = ${ofIds}
    union select run_id from store.rejected where category_id = ${ofIds}
    union select id from store.run where account = ${account}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Those of them that nothing refers to any more. */
async function removeRuns(db: Db, ids: readonly number[]): Promise<number> {
  const { numAffectedRows } = await sql`
    /* removeRuns */
    delete from store.run r where r.id = any(${numberArray(ids)}::integer[])
      and not exists (select from store.snapshot s where s.run_id = r.id)
      and not exists (select from store.failure f where f.run_id = r.id)
      and not exists (select from store.rejected j where j.run_id = r.id)`.execute(db)
  return Number(numAffectedRows ?? 0)
}
