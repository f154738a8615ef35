// Retention: removes old snapshots without changing a trend. A checkpoint, the state of the derivation at some
// snapshot, replaces everything before it; that snapshot itself stays, as the next delta begins there.
import { sql } from 'kysely'
import { ITSELF } from '../../counters/account.ts'
import { DIP_REACH_MS } from '../../counters/dip.ts'
import type { Db, Warehouse } from '../pool.ts'
import { epochMs, timestamp } from './text.ts'

export interface Pruned {
  readonly categories: number
  readonly snapshots: number
}

/** How many categories to prune at a time: the first prune of a long history is spread over many ticks. */
const MOST_CATEGORIES = 100

/**
 * Removes snapshots older than `before` (epoch milliseconds) and the checkpoints before them, a category in each
 * transaction. Later snapshots can still be imported and decided about.
 */
export async function prune(warehouse: Warehouse, before: number): Promise<Pruned> {
  const pruned = { categories: 0, snapshots: 0 }
  for (const { category_id: id, edge } of await findEdges(warehouse, before - DIP_REACH_MS)) {
    const snapshots = await pruneCategory(warehouse, id, edge)
    pruned.categories += 1
    pruned.snapshots += snapshots
  }
  return pruned
}

/** The newest checkpoint of each category up to `until` that still has snapshots before it. */
async function findEdges({ db }: Warehouse, until: number): Promise<{ category_id: number; edge: number }[]> {
  const { rows } = await sql<{ category_id: number; edge: number }>`
    /* findEdges */
    select w.category_id, ${sql.raw(epochMs('k.newest_at'))} as edge
    from store.walk w
    join store.category c on c.id = w.category_id and c.name <> ${ITSELF}, -- what credits did is in the readings only
    lateral (
      select newest_at from store.checkpoint
      where category_id = w.category_id and newest_at <= ${timestamp(until)}
      order by newest_at desc limit 1
    ) k
    where exists (select 1 from store.snapshot where category_id = w.category_id and observed_at < k.newest_at)
    order by w.category_id limit ${MOST_CATEGORIES}`.execute(db)
  return rows
}

async function pruneCategory(warehouse: Warehouse, id: number, edge: number): Promise<number> {
  return await warehouse.transaction(async ({ db }) => {
    await db
      .selectFrom('store.walk')
      .select('category_id')
      .where('category_id', '=', id)
      .forUpdate()
      .execute()
    const at = new Date(edge)
    const checkpoint = await db
      .selectFrom('store.checkpoint')
      .select('category_id')
      .where('category_id', '=', id)
      .where('newest_at', '=', at)
      .executeTakeFirst()
    if (checkpoint === undefined) return 0 // the series was derived anew meanwhile
    // Until the end of the transaction the database allows stored snapshots to be deleted, and logs it.
    await sql`select set_config('primosync.pruning', 'on', true)`.execute(db)
    const { numDeletedRows } = await db
      .deleteFrom('store.snapshot')
      .where('category_id', '=', id)
      .where('observed_at', '<', at)
      .executeTakeFirst()
    await db
      .deleteFrom('store.checkpoint')
      .where('category_id', '=', id)
      .where('newest_at', '<', at)
      .execute()
    return Number(numDeletedRows)
  })
}

/** The instant before which a category's snapshots were pruned (epoch milliseconds); null: it has all of them. */
export async function readEdge(db: Db, categoryId: number): Promise<number | null> {
  const row = await db
    .selectFrom('store.prune')
    .select('edge')
    .where('category_id', '=', categoryId)
    .orderBy('edge', (order) => order.desc().nullsLast())
    .limit(1)
    .executeTakeFirst()
  return row?.edge?.getTime() ?? null
}

/** The instant up to which nothing in a category can change, because of pruning; null: nothing is final. */
export async function readFinalUntil(db: Db, categoryId: number): Promise<number | null> {
  const edge = await readEdge(db, categoryId)
  return edge === null ? null : edge + DIP_REACH_MS
}

/** Whether any category that is still there was pruned. */
export async function isPruned({ db }: Pick<Warehouse, 'db'>): Promise<boolean> {
  const query = db.selectFrom('store.prune').select('id').where('category_id', 'is not', null).limit(1)
  return (await query.executeTakeFirst()) !== undefined
}
