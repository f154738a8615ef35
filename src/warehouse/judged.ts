// What a decision is about: the snapshot that somebody means, and the delta that it brings.
import { sql } from 'kysely'
import { COUNTERS, type CounterName } from '../counters/names.ts'
import { UsageError } from '../errors.ts'
import type { Db } from './pool.ts'
import type { Category } from './registry.ts'

/** The delta of one snapshot as sms.deltas shows it; changes beyond 2^53 as text. */
export type ShownDelta = { readonly kind: string; readonly decided: boolean } & {
  readonly [name in CounterName]: number | string | null
}

/**
 * The snapshot at `at` (epoch ms); where that is a whole second and none is there, the only one within the
 * second. Throws a UsageError where there are several, gives `at` itself where there is none.
 */
export async function snapshotWithin(db: Db, { id }: Category, at: number): Promise<number> {
  if (at % 1000 !== 0) return at
  const { rows } = await sql<{ observed_at: Date }>`
    select observed_at from store.snapshot
    where category_id = ${id} and observed_at >= ${new Date(at)} and observed_at < ${new Date(at + 1000)}
    order by observed_at`.execute(db)
  const [first, second] = rows.map((row) => row.observed_at.getTime())
  if (second === undefined || first === at) return first ?? at
  throw new UsageError(
    `There are ${rows.length} snapshots within the second of ${new Date(at).toISOString()}.`,
    {
      hint: `Give one of them to the millisecond: ${rows.map((row) => row.observed_at.toISOString()).join(', ')}.`,
    },
  )
}

/** Null for a first snapshot, which has no delta. */
export async function readDelta(
  db: Db,
  { account, category }: Category,
  at: number,
): Promise<ShownDelta | null> {
  const { rows } = await sql<ShownDelta>`
    select kind, decided, ${sql.join(COUNTERS.map((name) => sql.ref(name)))} from sms.deltas
    where account = ${account} and category = ${category} and observed_at = ${new Date(at)}`.execute(db)
  return rows[0] ?? null
}
