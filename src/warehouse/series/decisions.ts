// What a person decides about a snapshot: recorded, never changed, and the series derived anew from there.
import { sql } from 'kysely'
import type { Calendar } from '../../counters/calendar.ts'
import { COUNTERS, type CounterName } from '../../counters/names.ts'
import type { Decision } from '../../counters/step.ts'
import { UsageError } from '../../errors.ts'
import type { Db, Transaction } from '../pool.ts'
import type { Category } from '../registry.ts'
import { CopySink } from './copy-sink.ts'
import { deriveSeries, readDecisions } from './derive.ts'
import { readFinalUntil } from './prune.ts'
import { numberArray, timestamp } from './text.ts'
import { emptyWalkRow, readWalkRows, selectWalkRows } from './walk-row.ts'
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
  const locked = selectWalkRows(db).where('category_id', '=', categoryId).forUpdate()
  const [row] = await readWalkRows(locked, calendar)
  await refuseFinal(db, categoryId, observedAt)
  await refuseUnlessStored(db, categoryId, observedAt)
  if (as !== 'dip' && as !== 'auto') await refuseOnFirst(db, categoryId, observedAt)
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
  const writer = new Writer(db, new CopySink(connection, null))
  await deriveSeries({ db, calendar, writer }, row!, observedAt, [])
  await writer.flush()
}

/** What pruning removed cannot be derived anew. */
async function refuseFinal(db: Db, categoryId: number, observedAt: number): Promise<void> {
  const finalUntil = await readFinalUntil(db, categoryId)
  if (finalUntil === null || observedAt > finalUntil) return
  throw new UsageError(`The history of this category is final up to ${timestamp(finalUntil)}.`, {
    hint: 'Its older snapshots were pruned (SNAPSHOT_RETENTION; see sync.prunes); only later ones can be decided about.',
  })
}

async function refuseUnlessStored(db: Db, categoryId: number, observedAt: number): Promise<void> {
  const at = new Date(observedAt)
  const nearest = await db
    .selectFrom('store.snapshot')
    .select('observed_at')
    .where('category_id', '=', categoryId)
    .orderBy(sql`abs(extract(epoch from observed_at - ${at}::timestamptz))`)
    .limit(1)
    .executeTakeFirst()
  if (nearest?.observed_at.getTime() === observedAt) return
  throw new UsageError(`There is no snapshot of this category at ${timestamp(observedAt)}.`, {
    hint: nearest
      ? `The nearest one is at ${nearest.observed_at.toISOString()}.`
      : 'It has no snapshots yet.',
  })
}

/** The first snapshot that counts has no delta; the only decision that makes sense is to leave it out. */
async function refuseOnFirst(db: Db, categoryId: number, observedAt: number): Promise<void> {
  const decisions = await readDecisions(db, emptyWalkRow(categoryId))
  const dips = [...decisions].filter(([, decision]) => decision === 'dip').map(([at]) => timestamp(at))
  const first = await db
    .selectFrom('store.snapshot')
    .select('observed_at')
    .where('category_id', '=', categoryId)
    .where('observed_at', '<>', sql<Date>`all(${numberArray(dips)}::timestamptz[])`)
    .orderBy('observed_at')
    .limit(1)
    .executeTakeFirst()
  if (first && first.observed_at.getTime() < observedAt) return
  throw new UsageError(
    `The snapshot at ${timestamp(observedAt)} is the first of its category: it is the baseline already.`,
    { hint: 'Only --as dip makes sense there: the next snapshot then becomes the baseline.' },
  )
}

/** The delta of one snapshot as sms.deltas shows it; changes beyond 2^53 as text. */
export type ShownDelta = { readonly kind: string; readonly decided: boolean } & {
  readonly [name in CounterName]: number | string | null
}

/**
 * The instant of the snapshot at `at` (epoch ms). If that is a whole second without a snapshot, the instant of the only
 * one within the second. Throws a UsageError if there are several; returns `at` if there is none.
 */
export async function snapshotWithin(db: Db, { id }: Category, at: number): Promise<number> {
  if (at % 1000 !== 0) return at
  const rows = await db
    .selectFrom('store.snapshot')
    .select('observed_at')
    .where('category_id', '=', id)
    .where('observed_at', '>=', new Date(at))
    .where('observed_at', '<', new Date(at + 1000))
    .orderBy('observed_at')
    .execute()
  const [first, second] = rows.map((row) => row.observed_at.getTime())
  if (second === undefined || first === at) return first ?? at
  throw new UsageError(
    `There are ${rows.length} snapshots within the second of ${new Date(at).toISOString()}.`,
    {
      hint: `Name one of them to the millisecond: ${rows.map((row) => row.observed_at.toISOString()).join(', ')}.`,
    },
  )
}

/** Null for a first snapshot, which has no delta. */
export async function readDelta(
  db: Db,
  { account, category }: Category,
  at: number,
): Promise<ShownDelta | null> {
  const row = await db
    .selectFrom('sms.deltas')
    .select(['kind', 'decided', ...COUNTERS])
    .where('account', '=', account)
    .where('category', '=', category)
    .where('observed_at', '=', new Date(at))
    .executeTakeFirst()
  return row ?? null
}
