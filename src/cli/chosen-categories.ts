// The categories that the options of a command name.
import { UsageError } from '../errors.ts'
import type { Db } from '../warehouse/pool.ts'
import { type Category, listCategories } from '../warehouse/registry.ts'

/** The categories of these names, or all. Throws a UsageError that lists existing names if one does not exist. */
export async function chosenCategories(
  db: Db,
  account: string | undefined,
  names: readonly string[] | undefined,
): Promise<Category[]> {
  const categories = await listCategories(db, account)
  if (account !== undefined && categories.length === 0) {
    const accounts = [...new Set((await listCategories(db)).map((category) => category.account))]
    throw new UsageError(`There is no category in the account ${JSON.stringify(account)}.`, {
      hint:
        accounts.length > 0 ? `There are some in: ${accounts.join(', ')}.` : 'There is none anywhere yet.',
    })
  }
  if (names === undefined) return categories
  const unknown = names.find((name) => !categories.some(({ category }) => category === name))
  if (unknown === undefined) return categories.filter(({ category }) => names.includes(category))
  const known = [...new Set(categories.map(({ category }) => JSON.stringify(category)))]
  const [first, more] = [known.slice(0, 20), known.length - 20]
  throw new UsageError(`There is no category ${JSON.stringify(unknown)}.`, {
    hint: `Names must match exactly. There is: ${first.join(', ') || 'none yet'}${more > 0 ? ` and ${more} more` : ''}.`,
  })
}
