// What monitoring asks of the database: set-based, and small however much is stored.
import { sql } from 'kysely'
import { leaseHolder } from '../warehouse/lease.ts'
import type { CategoryState } from '../warehouse/tables.ts'
import { type Rejecting, readRejecting } from './rejecting.ts'
import type { Source } from './source.ts'

export interface Watched {
  /** When the newest run that stored answers ended; null: there was none yet. */
  readonly lastSuccessAt: Date | null
  readonly leaseHolder: string | null
  /** The longest time between two ticks of the schedule. */
  readonly expectedEverySeconds: number | null
  readonly categories: Readonly<Record<CategoryState, number>>
  /** Active categories, the stalest first. */
  readonly freshness: readonly Freshness[]
  /** Active categories whose newest answers were rejected. */
  readonly rejecting: readonly Rejecting[]
  /** Active categories beyond the most that are listed. */
  readonly leftOut: number
}

export interface Freshness {
  readonly account: string
  readonly category: string
  /** When the newest snapshot was observed; without one, when the category was added. */
  readonly since: Date
}

export async function readWatched(source: Source, most: number): Promise<Watched> {
  const { db, hiddenAccount } = source
  const visible = sql`(${hiddenAccount}::text is null or a.name <> ${hiddenAccount})`
  const [facts, freshness, holder, rejecting] = await Promise.all([
    sql<
      { last_success_at: Date | null; expected_every_seconds: number | null } & Record<CategoryState, number>
    >`
      /* readWatched */
      select
        (
          select finished_at from store.run
          where status in ('ok', 'partial') and trigger not in ('import', 'replay') and finished_at is not null
          order by id desc limit 1
        ) as last_success_at,
        (select extract(epoch from expected_every)::float8 from store.reporting) as expected_every_seconds,
        count(*) filter (where c.state = 'active') as active,
        count(*) filter (where c.state = 'paused') as paused,
        count(*) filter (where c.state = 'removed') as removed
      from store.category c join store.account a on a.id = c.account_id
      where c.name <> '' and ${visible}`.execute(db),
    sql<Freshness>`
      /* readWatchedFreshness */
      select a.name as account, c.name as category, coalesce(w.newest_at, c.added_at) as since
      from store.category c
      join store.account a on a.id = c.account_id
      left join store.walk w on w.category_id = c.id
      where c.state = 'active' and c.name <> '' and ${visible}
      order by coalesce(w.newest_at, c.added_at), c.id limit ${most}`.execute(db),
    leaseHolder(db),
    readRejecting(source),
  ])
  const { last_success_at, expected_every_seconds, ...categories } = facts.rows[0]!
  return {
    lastSuccessAt: last_success_at,
    expectedEverySeconds: expected_every_seconds,
    categories,
    leaseHolder: holder,
    freshness: freshness.rows,
    rejecting: rejecting.slice(0, most),
    leftOut: categories.active - freshness.rows.length,
  }
}
