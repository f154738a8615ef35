// How the syncing went: runs, failures and rejected answers, the newest first.
import { sql } from 'kysely'
import type { Db } from '../warehouse/pool.ts'
import type { Views } from '../warehouse/view-types.ts'
import type { Source } from './source.ts'

/** Where a page of a list begins, and how long it is. */
export interface Page {
  readonly limit: number
  /** Only what is older than the row of this id; undefined: from the newest on. */
  readonly before?: number | undefined
}

export type Run = Readonly<Views['sync.runs']>

/** `troubled`: only those that did not end well. */
export async function readRuns(
  { db, hiddenAccount }: Source,
  { limit, before, troubled }: Page & { troubled: boolean },
): Promise<Run[]> {
  let query = db.selectFrom('sync.runs').selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('id', '<', before)
  if (hiddenAccount !== null) query = query.where('account', 'is distinct from', hiddenAccount)
  if (troubled) {
    query = query.where((where) =>
      where.or([
        where('status', 'not in', ['ok', 'running']),
        where('failed', '>', 0),
        where('rejected', '>', 0),
      ]),
    )
  }
  return await query.execute()
}

/** The newest run that asked the provider; null if there is none yet. */
export async function readLastRun({ db }: Source): Promise<Run | null> {
  const row = await db
    .selectFrom('sync.runs')
    .selectAll()
    .where('trigger', 'not in', ['import', 'replay'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** Null: the question about the account itself. */
const CATEGORY = sql<string | null>`nullif(c.name, '')`.as('category')

export interface Failure extends Readonly<Views['sync.failures']> {
  readonly id: number
}

/** Not from the view, which has no id, so that a page of the newest would have to sort all of them. */
export async function readFailures(
  { db, hiddenAccount }: Source,
  { limit, before }: Page,
): Promise<Failure[]> {
  let query = db
    .selectFrom('store.failure as f')
    .innerJoin('store.category as c', 'c.id', 'f.category_id')
    .innerJoin('store.account as a', 'a.id', 'c.account_id')
    .select(['f.id', 'f.run_id as run', 'a.name as account', CATEGORY, 'f.at', 'f.class'])
    .select(['f.http_status', 'f.api_code', 'f.attempts', 'f.message'])
    .orderBy('f.id', 'desc')
    .limit(limit)
  if (before !== undefined) query = query.where('f.id', '<', before)
  if (hiddenAccount !== null) query = query.where('a.name', '<>', hiddenAccount)
  return await query.execute()
}

export interface FailureSummary {
  readonly account: string
  /** Null: the account itself. */
  readonly category: string | null
  readonly class: Views['sync.failures']['class']
  readonly count: number
  readonly last_at: Date
  /** Of the newest one. */
  readonly message: string
}

/** The failures of the last 24 hours by category and class, the newest first. */
export async function readFailureSummaries({ db, hiddenAccount }: Source): Promise<FailureSummary[]> {
  let query = db
    .selectFrom('sync.failures')
    .select(['account', 'category', 'class'])
    .select([
      sql<number>`count(*)`.as('count'),
      sql<Date>`max(at)`.as('last_at'),
      sql<string>`(array_agg(message order by at desc))[1]`.as('message'),
    ])
    .where('at', '>', sql<Date>`now() - interval '24 hours'`)
    .groupBy(['account', 'category', 'class'])
    .orderBy('last_at', 'desc')
  if (hiddenAccount !== null) query = query.where('account', '<>', hiddenAccount)
  return await query.execute()
}

export interface Rejected extends Readonly<Views['sync.rejected']> {
  readonly id: number
  /** Of the whole body, in characters. */
  readonly body_length: number
}

/** More characters than any body has. */
export const WHOLE_BODY = 10_000_000

/** Answers that were not stored, with the first `bodyLimit` characters of their bodies. */
export async function readRejected(
  { db, hiddenAccount }: Source,
  { limit, before, bodyLimit }: Page & { bodyLimit: number },
): Promise<Rejected[]> {
  let query = selectRejected(db, bodyLimit).orderBy('r.id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('r.id', '<', before)
  if (hiddenAccount !== null) query = query.where('a.name', '<>', hiddenAccount)
  return await query.execute()
}

/** One of them, whole; null if there is none of that id. */
export async function readRejectedById({ db, hiddenAccount }: Source, id: number): Promise<Rejected | null> {
  let query = selectRejected(db, WHOLE_BODY).where('r.id', '=', id)
  if (hiddenAccount !== null) query = query.where('a.name', '<>', hiddenAccount)
  return (await query.executeTakeFirst()) ?? null
}

function selectRejected(db: Db, bodyLimit: number) {
  return db
    .selectFrom('store.rejected as r')
    .innerJoin('store.category as c', 'c.id', 'r.category_id')
    .innerJoin('store.account as a', 'a.id', 'c.account_id')
    .select(['r.id', 'r.run_id as run', 'a.name as account', CATEGORY, 'r.at', 'r.reason', 'r.stored_at'])
    .select([
      sql<string>`left(r.body, ${bodyLimit})`.as('body'),
      sql<number>`length(r.body)`.as('body_length'),
    ])
}
