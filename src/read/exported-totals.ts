// The counters for Prometheus: totals that never fall, however the history changes.
import { sql } from 'kysely'
import { COUNTERS } from '../counters/names.ts'
import type { Db } from '../warehouse/pool.ts'

export interface ExportedTotal {
  readonly account: string
  readonly category: string
  /** Place in the order of the counters, from 1. */
  readonly counter: number
  readonly total: number
}

export interface ExportedTotals {
  readonly totals: readonly ExportedTotal[]
  /** Categories beyond the most that are exported. */
  readonly leftOut: number
}

const sums = sql.raw(`array[${COUNTERS.map((name) => `sum(${name})::bigint`).join(', ')}]`)

/**
 * Raises the stored totals to the growth of each counter since its baseline (A of the contract, section 4) where that
 * is higher: after a correction a total stays the same until growth has made up for it. If an import adds older history
 * before a series, the total goes on from its value, because that history did not grow now.
 */
export async function raiseExportedTotals(db: Db): Promise<void> {
  await sql`
    /* raiseExportedTotals */
    with grown as (
      select w.category_id, g.counter, w.first_at, coalesce(g.closed, 0) + coalesce(g.open, 0) as total
      from store.walk w join store.category c on c.id = w.category_id and c.name <> ''
      left join (select category_id, ${sums} as growth from store.day group by category_id) d using (category_id)
      cross join lateral unnest(d.growth, w.day_growth::bigint[], w.last::bigint[])
        with ordinality g (closed, open, last, counter)
      where coalesce(g.closed, g.open, g.last) is not null
    )
    insert into store.exported_total as e (category_id, counter, first_at, total)
    select g.category_id, g.counter, g.first_at, g.total
    from grown g left join store.exported_total kept using (category_id, counter)
    where kept.total is null or g.total + kept.shift > kept.total or g.first_at < kept.first_at
    order by g.category_id, g.counter -- so that two processes lock in one order
    on conflict (category_id, counter) do update set
      first_at = least(e.first_at, excluded.first_at),
      shift = case when excluded.first_at < e.first_at then e.total - excluded.total else e.shift end,
      total = case when excluded.first_at < e.first_at then e.total
        else greatest(e.total, excluded.total + e.shift) end`.execute(db)
}

/** The totals of at most `most` categories that are not removed, those that were added first. */
export async function readExportedTotals(
  db: Db,
  { most, hiddenAccount }: { most: number; hiddenAccount: string | null },
): Promise<ExportedTotals> {
  const { rows } = await sql<ExportedTotal & { categories: number }>`
    /* readExportedTotals */
    select c.account, c.category, e.counter, e.total::float8 as total, c.categories
    from (
      select c.id, a.name as account, c.name as category, count(*) over () as categories
      from store.category c join store.account a on a.id = c.account_id
      where c.state <> 'removed' and c.name <> '' and (${hiddenAccount}::text is null or a.name <> ${hiddenAccount})
        and exists (select from store.exported_total where category_id = c.id)
      order by c.id limit ${most}
    ) c
    join store.exported_total e on e.category_id = c.id
    order by c.id, e.counter`.execute(db)
  return { totals: rows, leftOut: Math.max(0, (rows[0]?.categories ?? 0) - most) }
}
