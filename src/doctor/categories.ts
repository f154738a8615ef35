// The checks of the registry: categories that have never had a message, as a misspelt one looks like that, and demo
// data among real ones.
import { PROGRAM } from '../own-command.ts'
import { readRegistered } from '../read/categories.ts'
import { EMPTY_HINT } from '../read/words.ts'
import { holdsOthers } from '../warehouse/demo-database.ts'
import type { Db } from '../warehouse/pool.ts'
import { type Finding, ill, well } from './finding.ts'

/** Empty categories are no fault, so this is one line that is well, or none. */
export async function checkEmpty(db: Db): Promise<Finding[]> {
  const empty = (await readRegistered(db)).filter(({ note, state }) => note === 'empty' && state === 'active')
  if (empty.length === 0) return []
  const names = empty.map(({ category }) => JSON.stringify(category)).join(', ')
  return [well('categories', `empty: ${names}. ${EMPTY_HINT}`)]
}

/** Made-up numbers beside real ones: versions before 0.1.0 put them there when the key was forgotten. */
export async function checkDemo(db: Db, account: string): Promise<Finding[]> {
  const demo = await db
    .selectFrom('store.account')
    .select('id')
    .where('name', '=', account)
    .executeTakeFirst()
  if (demo === undefined || !(await holdsOthers(db, account))) return []
  return [
    ill(
      'demo data',
      `the account ${account} holds made-up numbers beside real ones`,
      `Take them out with: ${PROGRAM} demo remove (--dry-run says what would go).`,
    ),
  ]
}
