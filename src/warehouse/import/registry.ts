// The categories that a file names, in the registry: added where they are new.
import { sql } from 'kysely'
import type { Db } from '../pool.ts'
import { addCategories } from '../registry.ts'
import { numberArray } from '../series/text.ts'
import type { CategoryState } from '../tables.ts'
import type { StagedCategory } from './stage.ts'

/** The category's id by its number in the file. */
export type IdsByNumber = readonly number[]

export interface AddedCategory {
  readonly account: string
  readonly category: string
  readonly state: CategoryState
}

/**
 * Adds the categories that are missing: active if `isListed`, else paused. In the order of names, so that two imports
 * at once wait for each other instead of running into a deadlock.
 */
export async function registerCategories(
  db: Db,
  categories: readonly StagedCategory[],
  isListed: (account: string, category: string) => boolean,
): Promise<{ ids: IdsByNumber; added: AddedCategory[] }> {
  const ids: number[] = Array(categories.length)
  const inOrder = categories.toSorted(
    (a, b) => compare(a.account, b.account) || compare(a.category, b.category),
  )
  for (const [account, ofAccount] of Map.groupBy(inOrder, (category) => category.account)) {
    const byState = Map.groupBy(ofAccount, ({ category }) =>
      isListed(account, category) ? 'active' : 'paused',
    )
    for (const [state, named] of byState) {
      const names = named.map(({ category }) => category)
      const idByName = await addCategories(db, account, names, state)
      for (const { number, category } of named) ids[number] = idByName.get(category)!
    }
  }
  return { ids, added: await addedIn(db, ids) }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Those of `ids` that this transaction added: now() is when it began. */
async function addedIn(db: Db, ids: IdsByNumber): Promise<AddedCategory[]> {
  const { rows } = await sql<AddedCategory>`
    select a.name as account, c.name as category, c.state
    from store.category c join store.account a on a.id = c.account_id
    where c.id = any(${numberArray(ids)}::integer[]) and c.added_at = now()
    order by a.name, c.name`.execute(db)
  return rows
}
