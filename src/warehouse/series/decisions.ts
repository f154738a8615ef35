// What a person decides about a snapshot: recorded, never changed, and the series derived anew from there.
import { sql } from 'kysely'
import type pg from 'pg'
import type { Calendar } from '../../counters/calendar.ts'
import { COUNTERS, type CounterName } from '../../counters/names.ts'
import type { Decision } from '../../counters/step.ts'
import { UsageError } from '../../errors.ts'
import type { Db, Transaction } from '../pool.ts'
import type { Category } from '../registry.ts'
import { deriveSeries, readDecisions } from './derive.ts'
import { readFinalUntil } from './prune.ts'
import { epochMs, timestamp } from './text.ts'
import { emptyWalkRow, readWalkRows } from './walk-row.ts'
import { Writer } from './writer.ts'

export interface NewDecision {
  readonly categoryId: number
  /** The snapshot's instant, epoch milliseconds. */
  readonly observedAt: number
  /** `auto` takes an earlier decision back: the rules hold again. */
  readonly as: Decision | 'auto'
  readonly by: string
  readonly why: string
}

/** Records a decision and derives the category's series anew from there (contract, section 3, rule 8). */
export async function decide(
  { db, connection }: Transaction,
  calendar: Calendar,
  decision: NewDecision,
): Promise<void> {
  const { categoryId, observedAt, as, by, why } = decision
  const [row] = await readWalkRows(connection, calendar, 'store.walk', 'category_id = $1 for update', [
    categoryId,
  ])
  await refuseFinal(connection, categoryId, observedAt)
  await refuseUnlessStored(connection, categoryId, observedAt)
  if (as !== 'dip' && as !== 'auto') await refuseOnFirst(connection, categoryId, observedAt)
  await db
    .insertInto('store.decision')
    .values({
      category_id: categoryId,
      observed_at: new Date(observedAt),
      decided_as: as,
      decided_by: by,
      why,
    })
    .execute()
  const writer = new Writer(connection)
  await deriveSeries({ connection, calendar, writer, origin: null }, row!, observedAt, [])
  await writer.flush()
}

/** What pruning removed cannot be derived anew. */
async function refuseFinal(connection: pg.ClientBase, categoryId: number, observedAt: number): Promise<void> {
  const finalUntil = await readFinalUntil(connection, categoryId)
  if (finalUntil === null || observedAt > finalUntil) return
  throw new UsageError(`The history of this category is final up to ${timestamp(finalUntil)}.`, {
    hint: 'Its older snapshots were pruned (SNAPSHOT_RETENTION; see sync.prunes); only later ones can be decided about.',
  })
}

async function refuseUnlessStored(
  connection: pg.ClientBase,
  categoryId: number,
  observedAt: number,
): Promise<void> {
  const { rows } = await connection.query<{ near: number | null; found: boolean }>(
    `select ${epochMs('observed_at')} as near, observed_at = $2 as found from store.snapshot
    where category_id = $1 order by abs(extract(epoch from observed_at - $2)) limit 1`,
    [categoryId, timestamp(observedAt)],
  )
  if (rows[0]?.found) return
  const near = rows[0]?.near
  throw new UsageError(`There is no snapshot of this category at ${timestamp(observedAt)}.`, {
    hint: near == null ? 'It has no snapshots yet.' : `The nearest one is at ${timestamp(near)}.`,
  })
}

/** The first snapshot that counts has no change that could be judged; only leaving it out makes sense. */
async function refuseOnFirst(
  connection: pg.ClientBase,
  categoryId: number,
  observedAt: number,
): Promise<void> {
  const decisions = await readDecisions(connection, emptyWalkRow(categoryId))
  const dips = [...decisions].filter(([, decision]) => decision === 'dip').map(([at]) => timestamp(at))
  const { rows } = await connection.query<{ first: number }>(
    `select ${epochMs('observed_at')} as first from store.snapshot
    where category_id = $1 and observed_at <> all($2::timestamptz[]) order by observed_at limit 1`,
    [categoryId, dips],
  )
  const first = rows[0]?.first
  if (first !== undefined && first < observedAt) return
  throw new UsageError(
    `The snapshot at ${timestamp(observedAt)} is the first of its category: it is the baseline already.`,
    {
      hint: 'Only --as dip makes sense there: the next snapshot then becomes the baseline.',
    },
  )
}

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
