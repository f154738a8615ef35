// The stored history: snapshots and decisions, category by category, in constant memory.
import { sql } from 'kysely'
import type { Snapshot } from '../counters/names.ts'
import { UsageError } from '../errors.ts'
import type { RecordedDecision } from '../transfer/entry.ts'
import type { Db, Transaction } from '../warehouse/pool.ts'
import type { Category } from '../warehouse/registry.ts'
import { readSeries } from '../warehouse/series/stored.ts'
import { timestamp } from '../warehouse/series/text.ts'
import type { Edge } from './trends.ts'

/** A part of a category's history: some of its snapshots, or at its end all decisions about them. */
export interface HistoryPart {
  readonly account: string
  readonly category: string
  readonly snapshots: readonly Snapshot[]
  readonly decisions: readonly { readonly at: number; readonly decision: RecordedDecision }[]
}

/** Instants of snapshots in [from, until), epoch milliseconds. */
export interface Period {
  readonly from: number
  readonly until: number
}

/**
 * The period from the first instant of day `from`, or from that instant, to the end of day `to`, or before that
 * instant; where left out, all there is. Throws a UsageError if nothing lies in it.
 */
export async function readPeriod(db: Db, from: Edge | undefined, to: Edge | undefined): Promise<Period> {
  const [fromAt, untilAt] = await Promise.all([
    from === undefined || from instanceof Date ? (from ?? new Date(0)) : readDayStart(db, from, 0),
    to === undefined || to instanceof Date
      ? (to ?? new Date('9999-12-31T00:00:00Z'))
      : readDayStart(db, to, 1),
  ])
  if (fromAt < untilAt) return { from: fromAt.getTime(), until: untilAt.getTime() }
  throw new UsageError(`Nothing lies between ${fromAt.toISOString()} and ${untilAt.toISOString()}.`, {
    hint: '--from must be before --to; a date as --to includes that day.',
  })
}

/** The first instant of the day so many days after `day`, in the reporting time zone. */
async function readDayStart(db: Db, day: string, after: number): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`
    /* readDayStart */
    select store.day_start(${day}::date + ${after}::integer, timezone) as at from store.reporting`.execute(db)
  return rows[0]!.at
}

const PART_ROWS = 1_000

/** Makes `tx` see one state of the warehouse, without a limit on the time between two reads. */
export async function beginReading({ db }: Transaction): Promise<void> {
  await sql`set transaction isolation level repeatable read, read only`.execute(db)
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(db)
}

/** The history of `categories`, in their order; snapshots by time, decisions as they were taken. */
export async function* readHistory(
  db: Db,
  categories: readonly Category[],
  { from, until }: Period,
): AsyncGenerator<HistoryPart> {
  for (const { id, account, category } of categories) {
    let snapshots: Snapshot[] = []
    for await (const snapshot of readSeries(db, id, from - 1, until - 1)) {
      snapshots.push(snapshot)
      if (snapshots.length < PART_ROWS) continue
      yield { account, category, snapshots, decisions: [] }
      snapshots = []
    }
    yield { account, category, snapshots, decisions: await readDecisions(db, id, { from, until }) }
  }
}

async function readDecisions(
  db: Db,
  categoryId: number,
  { from, until }: Period,
): Promise<HistoryPart['decisions']> {
  const rows = await db
    .selectFrom('store.decision')
    .select(['observed_at', 'decided_as as as', 'decided_by as by', 'why'])
    .select(
      sql<string>`to_char(decided_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('decided_at'),
    )
    .where('category_id', '=', categoryId)
    .where('observed_at', '>=', sql<Date>`${timestamp(from)}`)
    .where('observed_at', '<', sql<Date>`${timestamp(until)}`)
    .orderBy('id')
    .execute()
  return rows.map(({ observed_at, as, by, why, decided_at }) => ({
    at: observed_at.getTime(),
    decision: { as, by, at: decided_at, why },
  }))
}
