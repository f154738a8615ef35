// The check of the registry: categories that have never had a message, as a misspelt one looks like that.
import { readRegistered } from '../read/categories.ts'
import { EMPTY_HINT } from '../read/words.ts'
import type { Db } from '../warehouse/pool.ts'
import { type Finding, well } from './finding.ts'

/** Empty categories are no fault, so this is one line that is well, or none. */
export async function checkEmpty(db: Db): Promise<Finding[]> {
  const empty = (await readRegistered(db)).filter(({ note, state }) => note === 'empty' && state === 'active')
  if (empty.length === 0) return []
  const names = empty.map(({ category }) => JSON.stringify(category)).join(', ')
  return [well('categories', `empty: ${names}. ${EMPTY_HINT}`)]
}
