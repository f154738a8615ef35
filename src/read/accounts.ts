// The accounts, with how many categories each has.
import { sql } from 'kysely'
import type { Source } from './source.ts'

export interface AccountRow {
  readonly account: string
  readonly label: string | null
  readonly created_at: Date
  readonly categories: number
}

export async function readAccounts({ db, hiddenAccount }: Source): Promise<AccountRow[]> {
  let query = db
    .selectFrom('sms.accounts as a')
    .selectAll('a')
    .select((from) =>
      from
        .selectFrom('sms.categories as c')
        .select(sql<number>`count(*)`.as('count'))
        .whereRef('c.account', '=', 'a.account')
        .where('c.state', '<>', 'removed')
        .$asScalar()
        .$notNull()
        .as('categories'),
    )
    .orderBy('a.account')
  if (hiddenAccount !== null) query = query.where('a.account', '<>', hiddenAccount)
  return await query.execute()
}
