// Categories by account and name, in maps and in statements.
import { type RawBuilder, sql } from 'kysely'

export interface CategoryKey {
  readonly account: string
  readonly category: string
}

/** The key of a category in a map. */
export const keyOf = ({ account, category }: CategoryKey) => JSON.stringify([account, category])

/** Some categories, as a table `wanted (account, category)`. */
export function wantedOf(keys: readonly CategoryKey[]): RawBuilder<unknown> {
  const accounts = keys.map(({ account }) => account)
  const categories = keys.map(({ category }) => category)
  return sql`unnest(${accounts}::text[], ${categories}::text[]) as wanted (account, category)`
}
