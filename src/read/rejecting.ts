// Categories whose answers are rejected at the moment: nothing was stored since, so somebody should know of it.
import { sql } from 'kysely'
import type { Source } from './source.ts'

export interface Rejecting {
  readonly account: string
  /** Null: the account itself. */
  readonly category: string | null
  /** When the first of these answers arrived. */
  readonly since: Date
  /** How many there are, with no stored snapshot after the first. */
  readonly answers: number
  /** Why the newest was rejected. */
  readonly reason: string
}

/** Active categories whose newest answers were rejected, those of the longest time first. Conflicts do not count. */
export async function readRejecting({ db, hiddenAccount }: Source): Promise<Rejecting[]> {
  const { rows } = await sql<Rejecting>`
    /* readRejecting */
    select a.name as account, nullif(c.name, '') as category, r.since, r.answers, r.reason
    from store.category c
    join store.account a on a.id = c.account_id
    left join store.walk w on w.category_id = c.id
    cross join lateral (
      select min(at) as since, count(*) as answers, (array_agg(reason order by at desc, id desc))[1] as reason
      from store.rejected r
      where r.category_id = c.id and r.stored_at is null and r.reason not in ('conflict', 'final')
        -- The clock of the newest snapshot may be ahead of that of the answers after it.
        and r.at > case when r.reason = 'clock' and w.newest_at > now() then '-infinity'
          else coalesce(w.newest_at, '-infinity') end
    ) r
    where c.state = 'active' and r.answers > 0 and a.name is distinct from ${hiddenAccount}
    order by r.since, account, category`.execute(db)
  return rows
}
