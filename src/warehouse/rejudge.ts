// Gives rejected answers another hearing: what is valid by today's rules is stored with the instant of its arrival, as a
// late snapshot, and the row in store.rejected says when. What is not stays as it is.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { ITSELF } from '../counters/account.ts'
import type { Calendar } from '../counters/calendar.ts'
import { readKeptBody } from '../counters/kept-body.ts'
import { ACCOUNT_STATS, CATEGORY_STATS } from '../counters/stats.ts'
import { holdTimezone, loadCalendar } from './calendar.ts'
import type { Transaction, Warehouse } from './pool.ts'
import { addToReplay, findRun } from './runs.ts'
import { InsertSink } from './series/insert-sink.ts'
import { type Arrival, recordSnapshots } from './series/record.ts'
import { numberArray } from './series/text.ts'

export interface RejudgeOptions {
  /** The reporting time zone of the settings. */
  readonly timezone: string
  readonly categoryIds: readonly number[]
  /** Only answers that arrived then or later. */
  readonly since: Date
  /** Reports what would happen, and changes nothing. */
  readonly dryRun: boolean
}

export interface Rejudged {
  /** How many rejected answers were read. */
  readonly answers: number
  /** How many snapshots are new. */
  readonly stored: number
  /** How many have the values of a snapshot that was stored meanwhile. */
  readonly already_stored: number
  /** Why the others stay rejected, by today's rules, the most frequent reason first. */
  readonly kept: readonly { readonly reason: string; readonly answers: number }[]
}

interface Answer {
  readonly id: number
  readonly category: string
  readonly at: Date
  readonly reason: string
  readonly body: string
}

/** A body has up to 64 KiB. */
const AT_ONCE = 500

/** Takes a whole dry run of a batch back. */
class TakenBack extends Error {}

/** In a transaction for each batch of a category, so that whatever ends it in between loses and doubles nothing. */
export async function rejudge(warehouse: Warehouse, options: RejudgeOptions): Promise<Rejudged> {
  const run = { key: randomUUID(), startedAt: Date.now() }
  const calendar = await loadCalendar(warehouse.db, Date.now(), Date.now()) // it covers every stored snapshot
  const kept = new Map<string, number>()
  const sums = { answers: 0, stored: 0, already_stored: 0 }
  for (const categoryId of options.categoryIds) {
    let after = 0
    for (let isMore = true; isMore; ) {
      const batch = { categoryId, after, calendar, run, kept }
      const judged = await judgeBatch(warehouse, batch, options)
      sums.answers += judged.answers
      sums.stored += judged.stored
      sums.already_stored += judged.marked - judged.stored
      isMore = judged.answers === AT_ONCE
      after = judged.last
    }
  }
  const reasons = [...kept].map(([reason, answers]) => ({ reason, answers }))
  return { ...sums, kept: reasons.toSorted((a, b) => b.answers - a.answers) }
}

interface Batch {
  readonly categoryId: number
  /** The id of the last row of the batch before. */
  readonly after: number
  readonly calendar: Calendar
  readonly run: { readonly key: string; readonly startedAt: number }
  /** How many answers stay, by reason. */
  readonly kept: Map<string, number>
}

async function judgeBatch(warehouse: Warehouse, batch: Batch, { timezone, since, dryRun }: RejudgeOptions) {
  let judged = { answers: 0, stored: 0, marked: 0, last: 0 }
  try {
    await warehouse.transaction(async (tx) => {
      await holdTimezone(tx.db, timezone)
      const { rows } = await sql<Answer & { added_at: Date }>`
        /* rejudge */
        select r.id, c.name as category, r.at, r.reason, r.body, c.added_at
        from store.rejected r join store.category c on c.id = r.category_id
        where r.category_id = ${batch.categoryId} and r.id > ${batch.after} and r.stored_at is null
          and r.at >= ${since}
        order by r.id limit ${AT_ONCE}
        for update of r`.execute(tx.db)
      const stays = (reason: string) => batch.kept.set(reason, (batch.kept.get(reason) ?? 0) + 1)
      const valid = new Map<Arrival, number>()
      for (const row of rows) {
        const arrival = arrivalOf(batch.categoryId, row)
        if ('reason' in arrival) stays(arrival.reason)
        else valid.set(arrival, row.id)
      }
      const stored = await store(tx, batch, valid, stays)
      judged = { answers: rows.length, ...stored, last: rows.at(-1)?.id ?? 0 }
      if (dryRun) throw new TakenBack()
    })
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error
  }
  return judged
}

/** What a row says by today's rules, or why it stays rejected. */
function arrivalOf(
  categoryId: number,
  { category, at, reason, body, added_at: addedAt }: Answer & { added_at: Date },
): Arrival | { readonly reason: string } {
  const stats = readKeptBody(body, category === ITSELF ? ACCOUNT_STATS : CATEGORY_STATS)
  if ('reason' in stats) return { reason: stats.reason }
  if (at.getTime() > Date.now()) return { reason: 'lies in the future' }
  // The clock of a machine may begin in 1970, which would stretch the history of the category over decades.
  if (reason === 'clock' && at < addedAt) return { reason: 'clock: lies before the category was added' }
  return { categoryId, snapshot: { at: at.getTime(), ...stats.reading } }
}

async function store(
  tx: Transaction,
  { run, calendar }: Batch,
  valid: ReadonlyMap<Arrival, number>,
  stays: (reason: string) => void,
): Promise<{ stored: number; marked: number }> {
  if (valid.size === 0) return { stored: 0, marked: 0 }
  await addToReplay(tx.db, run, { stored: 0, rejected: 0, late: 0 })
  const { id: runId } = (await findRun(tx.db, run.key))!
  const sink = new InsertSink(tx.db, { runId, imported: false })
  const recorded = await recordSnapshots(tx.db, calendar, [...valid.keys()], { sink, live: false })
  const refused = new Set([...recorded.conflicts, ...recorded.final])
  for (const _ of recorded.conflicts) stays('conflict')
  for (const _ of recorded.final) stays('final')
  const marked = [...valid].flatMap(([arrival, id]) => (refused.has(arrival) ? [] : [id]))
  await sql`
    update store.rejected set stored_at = now() where id = any(${numberArray(marked)}::bigint[])`.execute(
    tx.db,
  )
  await addToReplay(tx.db, run, { stored: recorded.stored, rejected: 0, late: recorded.stored })
  return { stored: recorded.stored, marked: marked.length }
}
