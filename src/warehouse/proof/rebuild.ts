// Derives deltas, trends, walk rows, checkpoints and the calendar anew, in one transaction: readers see all of it or
// nothing, and other writers wait. Writes only the rows that differ.
import { sql } from 'kysely'
import { PrimosyncError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { loadCalendar, refuseUnknownTimezone } from '../calendar.ts'
import type { Db, Transaction, Warehouse } from '../pool.ts'
import { listSeries } from '../registry.ts'
import { setStoredRules } from '../rules.ts'
import { CopySink } from '../series/copy-sink.ts'
import { CHECKPOINT_EVERY } from '../series/derive.ts'
import { isPruned } from '../series/prune.ts'
import { Writer } from '../series/writer.ts'
import { compareCalendar, expectedCalendar } from './expected-calendar.ts'
import { type Mender, recompute } from './recompute.ts'
import { CELL_STYLE, wholeSpan } from './verify.ts'

const FLUSH_ROWS = 10_000
/** Longer than a tick and most imports take: a person waits for this command, and can stop it. */
const LOCK_TIMEOUT = '10min'

export interface RebuildOptions {
  /** Another reporting time zone; by default it stays. */
  readonly timezone?: string | undefined
  readonly onStart?: (categories: number) => void
  readonly onCategory?: () => void
}

export interface Rebuilt {
  readonly timezone: string
  readonly previousTimezone: string
  readonly categories: number
  /** How many rows were not as expected. */
  readonly rows: number
}

/** Makes everything that is derived follow from the snapshots, the decisions and the zone. */
export async function rebuild(warehouse: Warehouse, options: RebuildOptions = {}): Promise<Rebuilt> {
  const { onStart, onCategory } = options
  if (options.timezone !== undefined) await refuseUnknownTimezone(warehouse.db, options.timezone)
  return await warehouse.transaction(async (tx) => {
    const { db } = tx
    await sql.raw(`${CELL_STYLE}; set local lock_timeout = '${LOCK_TIMEOUT}'`).execute(db)
    const { timezone, previousTimezone } = await settle(db, options.timezone)
    await holdAll(db)
    let rows = (await mendCalendar(db, timezone)) + (await forgetOrphans(db))
    const categories = await listSeries(db)
    onStart?.(categories.length)
    const calendar = await expectedCalendar(db, timezone, ...(await wholeSpan(db)))
    const mending = mendingIn(tx)
    for (const { id } of categories) {
      for await (const { mend } of recompute(tx, calendar, id, CHECKPOINT_EVERY)) {
        if (mend === undefined) continue // only a person can correct what the provider said
        rows += 1
        await mending.flushIfFull()
        mend(mending.menderOf(id))
      }
      onCategory?.()
    }
    await mending.flush()
    await setStoredRules(db)
    return { timezone, previousTimezone, categories: categories.length, rows }
  })
}

/** Locks the time zone and sets it. Every writer reads it in its own transaction, and so waits for this one. */
async function settle(db: Db, wanted: string | undefined) {
  const row = await db.selectFrom('store.reporting').select('timezone').forUpdate().executeTakeFirst()
  if (row === undefined)
    throw new PrimosyncError('There is nothing to rebuild: the warehouse has no reporting time zone yet.', {
      hint: `Run: ${PROGRAM} migrate`,
    })
  const timezone = wanted ?? row.timezone
  if (timezone !== row.timezone && (await isPruned({ db }))) {
    throw new PrimosyncError(
      `The days cannot be cut anew in ${timezone}: snapshots were pruned (see sync.prunes).`,
      {
        hint: `Their trends are final in ${row.timezone}. For another zone, import an export from before into a new warehouse.`,
      },
    )
  }
  if (timezone !== row.timezone) await db.updateTable('store.reporting').set({ timezone }).execute()
  return { timezone, previousTimezone: row.timezone }
}

/** Keeps other processes from writing until the end; readers do not wait. */
async function holdAll(db: Db): Promise<void> {
  await sql`lock table store.calendar in exclusive mode`.execute(db)
  await sql`
    insert into store.walk (category_id) select id from store.category on conflict do nothing`.execute(db)
  await sql`select 1 from store.walk order by category_id for update`.execute(db)
}

async function mendCalendar(db: Db, timezone: string): Promise<number> {
  const wrong = await compareCalendar(db, timezone)
  if (wrong.length > 0) await sql`delete from store.calendar`.execute(db)
  await loadCalendar(db, ...(await wholeSpan(db))) // makes what is missing
  return wrong.length
}

async function forgetOrphans(db: Db): Promise<number> {
  let forgotten = 0
  for (const table of ['store.hour', 'store.day', 'store.walk', 'store.checkpoint']) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where category_id not in (select id from store.category)`.execute(db)
    forgotten += Number(numAffectedRows)
  }
  return forgotten
}

const KEYS: Readonly<Record<string, readonly [column: string, type: string]>> = {
  'store.hour': ['hour', 'timestamptz'],
  'store.day': ['day', 'date'],
  'store.checkpoint': ['newest_at', 'timestamptz'],
}

/** Gathers corrections; rows are deleted before the expected ones are written. */
function mendingIn({ db, connection }: Transaction) {
  const writer = new Writer(db, new CopySink(connection, null))
  let forgotten: { table: string; id: number; key: string }[] = []

  async function flush(): Promise<void> {
    for (const [table, rows] of Map.groupBy(forgotten, (row) => row.table)) {
      const [column, type] = KEYS[table]!
      await sql`
        /* forget */
        delete from ${sql.table(table)} t
        using unnest(${rows.map(({ id }) => id)}::integer[], ${rows.map(({ key }) => key)}::${sql.raw(type)}[]) f (id, key)
        where t.category_id = f.id and t.${sql.ref(column)} = f.key`.execute(db)
    }
    forgotten = []
    await writer.flush()
  }

  return {
    flush,
    async flushIfFull() {
      if (forgotten.length + writer.size >= FLUSH_ROWS) await flush()
    },
    menderOf: (id: number): Mender => ({
      writer,
      forget: (table, key) => forgotten.push({ table, id, key }),
    }),
  }
}
