// A record made up to find out whether the database takes what a tick stores. Nothing of it stays.
import { v7 as uuidv7 } from 'uuid'
import type { Calendar } from '../counters/calendar.ts'
import { COUNTERS } from '../counters/names.ts'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { loadCalendar } from './calendar.ts'
import type { Transaction, Warehouse } from './pool.ts'
import { beginRun } from './runs.ts'
import { storeRecords } from './store-records.ts'

const ACCOUNT = 'probe'

/** Stores an answer of a category of its own, in a transaction or savepoint that the caller undoes. */
export async function storeProbe(tx: Transaction, calendar: Calendar, runId: number): Promise<string> {
  const category = `probe ${uuidv7()}`
  const counters = COUNTERS.map((_, position) => position + 1)
  const of = { account: ACCOUNT, category, at: Date.now() }
  const record = { kind: 'answer', ...of, counters, timespent: '1', extra: null } as const
  await storeRecords(tx, calendar, { runId, records: [record], replay: null })
  return category
}

/** Only to leave a transaction without an effect. */
class Undone extends Error {}

/** Stores a run with a probe, reads the probe back as people do, and undoes all of it. Rejects with what went wrong. */
export async function probe(warehouse: Warehouse): Promise<void> {
  const now = Date.now()
  const calendar = await loadCalendar(warehouse.db, now, now)
  try {
    await warehouse.transaction(async (tx) => {
      const key = uuidv7()
      const begun = { key, account: ACCOUNT, scheduledAt: null, startedAt: now, categories: 1 } as const
      const runId = (await beginRun(tx.db, { kind: 'run', trigger: 'manual', ...begun }))!
      const category = await storeProbe(tx, calendar, runId)
      await readBack(tx, category)
      throw new Undone()
    })
  } catch (error) {
    if (!(error instanceof Undone)) throw error
  }
}

async function readBack({ db }: Transaction, category: string): Promise<void> {
  const [row] = await db
    .selectFrom('sms.snapshots')
    .select(['sent', 'complaint'])
    .where('account', '=', ACCOUNT)
    .where('category', '=', category)
    .execute()
    .catch((error) => {
      throw new PrimosyncError(`the view sms.snapshots cannot be read: ${reasonOf(error)}`)
    })
  if (row?.sent !== 1 || row.complaint !== COUNTERS.length)
    throw new PrimosyncError('a snapshot that was stored does not come back as it was')
}
