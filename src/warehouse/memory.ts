// What the earlier runs know of each category, for the order and the judgement of the next run.
import { sql } from 'kysely'
import type { Db } from './pool.ts'

export interface Memory {
  /** Whether the last request brought an answer of any sort; null: it was never asked for. */
  readonly lastOutcome: 'answered' | 'unanswered' | null
  /** True if no counter of the category ever had a value above 0. */
  readonly isEmpty: boolean
}

/** Reads the memory of an account's active categories, by their ids. */
export async function readMemory(db: Db, account: string): Promise<ReadonlyMap<number, Memory>> {
  const { rows } = await sql<Memory & { id: number }>`
    /* readMemory */
    select c.id,
      case
        when f.class in ('network', 'server') and f.at > coalesce(greatest(w.newest_at, r.at), '-infinity')
          then 'unanswered'
        when coalesce(w.newest_at, r.at, f.at) is not null then 'answered'
      end as "lastOutcome",
      v.last_snapshot_at is null or v.note is not distinct from 'empty' as "isEmpty"
    from store.category c
    join store.account a on a.id = c.account_id
    join store.walk w on w.category_id = c.id
    join sms.categories v on v.account = a.name and v.category = c.name
    left join lateral (
      select class, at from store.failure where category_id = c.id order by at desc limit 1
    ) f on true
    left join lateral (
      select at from store.rejected where category_id = c.id order by at desc limit 1
    ) r on true
    where a.name = ${account} and c.state = 'active'`.execute(db)
  return new Map(rows.map(({ id, ...memory }) => [id, memory]))
}
