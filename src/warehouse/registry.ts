// The registry: which accounts and categories there are, and which categories are asked for.
import { sql } from 'kysely'
import { ITSELF } from '../counters/account.ts'
import { UsageError } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import type { Db } from './pool.ts'
import type { CategoryState } from './tables.ts'

export interface Category {
  readonly id: number
  readonly account: string
  readonly category: string
  readonly state: CategoryState
  readonly label: string | null
}

/**
 * Adds the categories that are missing, and their account, and returns the ids of all of them by name. Existing ones
 * keep their state. New ones get `state`: those of an import are paused until the user asks to poll them. Safe to
 * repeat, and for several processes at once.
 */
export async function addCategories(
  db: Db,
  account: string,
  names: readonly string[],
  state: CategoryState = 'active',
): Promise<ReadonlyMap<string, number>> {
  await addAccount(db, account)
  const wanted = [...new Set(names)]
  if (wanted.length === 0) return new Map()
  const ids = await addAndRead(db, account, wanted, state)
  // A category that another process adds at the same time is visible to the next statement only.
  return ids.size === wanted.length ? ids : await addAndRead(db, account, wanted, state)
}

async function addAndRead(
  db: Db,
  account: string,
  names: readonly string[],
  state: CategoryState,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ id: number; name: string }>`
    /* addCategories */
    with wanted as (
      select a.id as account_id, n.name
      from store.account a, unnest(${names}::text[]) with ordinality n (name, position)
      where a.name = ${account} order by n.position
    ), added as (
      insert into store.category (account_id, name, state, by_import)
      select account_id, name, ${state}, ${state === 'paused'} from wanted
      on conflict (account_id, name) do nothing returning id, name
    ), walk as (
      insert into store.walk (category_id) select id from added
    )
    select id, name from added
    union all
    select c.id, c.name from store.category c join wanted w using (account_id, name)`.execute(db)
  return new Map(rows.map(({ id, name }) => [name, id]))
}

/** Makes categories active that are paused only because an import brought them. */
export async function askForImported(db: Db, account: string, names: readonly string[]): Promise<void> {
  await sql`
    /* askForImported */
    update store.category c set state = 'active', by_import = false from store.account a
    where a.id = c.account_id and a.name = ${account} and c.name = any(${names}::text[]) and c.by_import`.execute(
    db,
  )
}

/** All categories, or those of one account, in the order of their names. */
export async function listCategories(db: Db, account?: string): Promise<Category[]> {
  return (await listSeries(db, account)).filter(({ category }) => category !== ITSELF)
}

/** The same with the series of the accounts themselves, whose category is ITSELF. */
export async function listSeries(db: Db, account?: string): Promise<Category[]> {
  let query = db
    .selectFrom('store.category as c')
    .innerJoin('store.account as a', 'a.id', 'c.account_id')
    .select(['c.id', 'a.name as account', 'c.name as category', 'c.state', 'c.label'])
    .orderBy('a.name')
    .orderBy('c.name')
  if (account !== undefined) query = query.where('a.name', '=', account)
  return await query.execute()
}

/** Throws a UsageError naming the categories that look alike where there is none of that name. */
export async function findCategory(db: Db, account: string, name: string): Promise<Category> {
  const categories = await listCategories(db, account)
  const found = categories.find(({ category }) => category === name)
  if (found) return found
  const alike = categories.filter(
    ({ category }) => category.trim().toLowerCase() === name.trim().toLowerCase(),
  )
  throw new UsageError(`There is no category ${JSON.stringify(name)} in the account ${account}.`, {
    hint:
      alike.length > 0
        ? `Names must match exactly; there is ${alike.map(({ category }) => JSON.stringify(category)).join(', ')}.`
        : `List them with: ${PROGRAM} category list`,
  })
}

/** Adds the account if it is new. A label replaces the one that it has; null leaves it. Safe to repeat. */
export async function addAccount(db: Db, name: string, label: string | null = null): Promise<void> {
  await db
    .insertInto('store.account')
    .values({ name, label })
    .onConflict((conflict) => conflict.column('name').doNothing()) // an update would lock the row
    .execute()
  if (label === null) return
  await db
    .updateTable('store.account')
    .set({ label })
    .where('name', '=', name)
    .where('label', 'is distinct from', label)
    .execute()
}

export async function setCategoryState(db: Db, id: number, state: CategoryState): Promise<void> {
  await db.updateTable('store.category').set({ state, by_import: false }).where('id', '=', id).execute()
}

export async function setCategoryLabel(db: Db, id: number, label: string | null): Promise<void> {
  await db.updateTable('store.category').set({ label }).where('id', '=', id).execute()
}

/** Locks the series of categories until the transaction ends. Returns when the first of them begins; null: none has. */
export async function lockSeries(db: Db, ids: readonly number[]): Promise<number | null> {
  const rows = await db
    .selectFrom('store.walk')
    .select('first_at')
    .where('category_id', 'in', ids)
    .orderBy('category_id')
    .forUpdate()
    .execute()
  const firsts = rows.map(({ first_at }) => first_at?.getTime()).filter((at) => at !== undefined)
  return firsts.length === 0 ? null : Math.min(...firsts)
}
