// Demo mode: without an API key the built-in sandbox plays the provider, with a history of 90 days.
import { v7 as uuidv7 } from 'uuid'
import { DEMO_ACCOUNT } from '../config/account-names.ts'
import { ITSELF } from '../counters/account.ts'
import type { Snapshot } from '../counters/names.ts'
import { ACCOUNT_STATS, readStats } from '../counters/stats.ts'
import { accountHistory, SANDBOX_HISTORY_MS, sandboxHistory } from '../sandbox/history.ts'
import { SANDBOX_CATEGORIES, SANDBOX_SEED } from '../sandbox/lives.ts'
import { loadCalendar } from '../warehouse/calendar.ts'
import type { Db, Warehouse } from '../warehouse/pool.ts'
import { addCategories, listCategories, lockSeries, setCategoryState } from '../warehouse/registry.ts'
import { addToRun, beginRun, finishRun } from '../warehouse/runs.ts'
import { CopySink } from '../warehouse/series/copy-sink.ts'
import { recordSnapshots } from '../warehouse/series/record.ts'

/**
 * Loads the sandbox's history unless that was done before, whatever was stored since: up to the first snapshot that is
 * there. Returns how many snapshots it stored.
 */
export async function loadDemoHistory(warehouse: Warehouse, onCategory: () => void): Promise<number> {
  const ids = await addCategories(warehouse.db, DEMO_ACCOUNT, SANDBOX_CATEGORIES)
  const own = (await addCategories(warehouse.db, DEMO_ACCOUNT, [ITSELF])).get(ITSELF)!
  const now = Date.now()
  const calendar = await loadCalendar(warehouse.db, now - SANDBOX_HISTORY_MS, now)
  // One transaction: if this is killed, the next start loads the whole history again.
  return await warehouse.transaction(async ({ db, connection }) => {
    const firstAt = await lockSeries(db, [...ids.values(), own])
    if (await isHistoryLoaded(db)) return 0
    const until = Math.min(now, firstAt ?? now)
    const from = now - SANDBOX_HISTORY_MS
    const runId = (await beginRun(db, {
      kind: 'run',
      key: uuidv7(),
      account: DEMO_ACCOUNT,
      trigger: 'import',
      scheduledAt: null,
      startedAt: now,
      categories: ids.size,
    }))!
    let stored = 0
    for (const [category, snapshots] of historyByCategory(from, until)) {
      const arrivals = snapshots.map((snapshot) => ({ categoryId: ids.get(category)!, snapshot }))
      const sink = new CopySink(connection, { runId, imported: true })
      const recorded = await recordSnapshots(db, calendar, arrivals, { sink, live: false })
      stored += recorded.stored
      onCategory()
    }
    const account = accountReadings(from, until).map((snapshot) => ({ categoryId: own, snapshot }))
    const sink = new CopySink(connection, { runId, imported: true })
    await recordSnapshots(db, calendar, account, { sink, live: false })
    await addToRun(db, runId, { stored, rejected: 0, late: 0 })
    await finishRun(db, runId, 'ok', Date.now(), 0)
    return stored
  })
}

/**
 * Pauses demo data that an earlier version put among real ones, so that they do not look stale; `primosync demo remove`
 * takes them out.
 */
export async function pauseDemo(db: Db): Promise<void> {
  const demo = await listCategories(db, DEMO_ACCOUNT)
  for (const { id, state } of demo) if (state === 'active') await setCategoryState(db, id, 'paused')
}

/** Its run tells, which is of the same transaction. */
async function isHistoryLoaded(db: Db): Promise<boolean> {
  const query = db.selectFrom('store.run').select('id')
  const run = query.where('account', '=', DEMO_ACCOUNT).where('trigger', '=', 'import').limit(1)
  return (await run.executeTakeFirst()) !== undefined
}

function accountReadings(from: number, until: number): Snapshot[] {
  return [...accountHistory({ seed: SANDBOX_SEED, from, until })].map(({ at, stats }) => {
    const read = readStats(JSON.stringify(stats), ACCOUNT_STATS)
    if (!('reading' in read)) throw new Error(`The sandbox sent an invalid answer: ${read.reason}.`)
    return { at, ...read.reading }
  })
}

function* historyByCategory(from: number, until: number): Generator<[string, Snapshot[]]> {
  let current: [string, Snapshot[]] | null = null
  for (const { category, at, stats } of sandboxHistory({ seed: SANDBOX_SEED, from, until })) {
    const read = readStats(JSON.stringify(stats))
    if (!('reading' in read)) throw new Error(`The sandbox sent an invalid answer: ${read.reason}.`)
    if (current?.[0] !== category) {
      if (current) yield current
      current = [category, []]
    }
    current[1].push({ at, ...read.reading })
  }
  if (current) yield current
}
