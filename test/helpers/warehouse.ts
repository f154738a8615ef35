// A migrated warehouse with a reporting time zone, and what tests do with it.
import { COUNTERS } from '../../src/counters/names.ts'
import { readStats } from '../../src/counters/stats.ts'
import type { Decision } from '../../src/counters/step.ts'
import type { LineProblem } from '../../src/transfer/entry.ts'
import { loadCalendar, settleTimezone } from '../../src/warehouse/calendar.ts'
import { type ImportOptions, importEntries } from '../../src/warehouse/import/import.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/pool.ts'
import { addCategories } from '../../src/warehouse/registry.ts'
import { CopySink } from '../../src/warehouse/series/copy-sink.ts'
import { decide } from '../../src/warehouse/series/decisions.ts'
import { InsertSink } from '../../src/warehouse/series/insert-sink.ts'
import { type Recorded, recordSnapshots } from '../../src/warehouse/series/record.ts'
import { createTestDatabase } from './database.ts'
import { blocksOf } from './transfer.ts'

export interface TestWarehouse extends Warehouse {
  readonly url: string
  readonly adminUrl: string
  readonly timezone: string
}

/** Opens a warehouse for a test file; `close` drops its database. `ending`: of the database's name. */
export async function openTestWarehouse(timezone = 'Europe/Paris', ending = ''): Promise<TestWarehouse> {
  const database = await createTestDatabase(ending)
  const warehouse = openWarehouse(database.url)
  await settleTimezone(warehouse, timezone)
  const close = async () => {
    await warehouse.close()
    await database.drop()
  }
  return { ...warehouse, ...database, timezone, close }
}

export async function withWarehouse<T>(
  work: (warehouse: TestWarehouse) => Promise<T>,
  timezone?: string,
): Promise<T> {
  const warehouse = await openTestWarehouse(timezone)
  try {
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}

/** One line of an import file. */
export interface Line {
  readonly account?: string
  readonly category: string
  readonly observed_at: string
  readonly stats: Readonly<Record<string, unknown>>
}

/** Records lines in the given order, `batch` of them per transaction. */
export async function recordLines(
  warehouse: TestWarehouse,
  lines: readonly Line[],
  batch = 1,
): Promise<Recorded[]> {
  const recorded: Recorded[] = []
  const ids = new Map<string, ReadonlyMap<string, number>>()
  for (const [account, ofAccount] of Map.groupBy(lines, accountOf)) {
    ids.set(
      account,
      await addCategories(
        warehouse.db,
        account,
        ofAccount.map(({ category }) => category),
      ),
    )
  }
  const arrivals = lines.map((line) => {
    const { category, observed_at, stats } = line
    const read = readStats(JSON.stringify(stats))
    if (!('reading' in read)) throw new Error(read.reason)
    return {
      categoryId: ids.get(accountOf(line))!.get(category)!,
      snapshot: { at: Math.floor(Date.parse(observed_at)), ...read.reading },
    }
  })
  const instants = arrivals.map(({ snapshot }) => snapshot.at)
  const calendar = await loadCalendar(warehouse.db, Math.min(...instants), Math.max(...instants))
  const origin = { runId: 1, imported: true }
  for (let i = 0; i < arrivals.length; i += batch) {
    recorded.push(
      await warehouse.transaction(({ db, connection }) => {
        const sink = batch === 1 ? new InsertSink(db, origin) : new CopySink(connection, origin)
        return recordSnapshots(db, calendar, arrivals.slice(i, i + batch), { sink, live: false })
      }),
    )
  }
  return recorded
}

/** Imports NDJSON as `primosync import` does; `problems` are the lines that are not imported. */
export async function importText(
  warehouse: TestWarehouse,
  text: string,
  options: Partial<ImportOptions> = {},
) {
  const problems: LineProblem[] = []
  const imported = await importEntries(warehouse, blocksOf(text), {
    dryRun: false,
    timezone: warehouse.timezone,
    isListed: () => false,
    onProblem: (problem) => void problems.push(problem),
    ...options,
  })
  return { ...imported, problems }
}

/** Decides as `primosync reclassify` does. */
export async function decideLine(
  warehouse: TestWarehouse,
  {
    account = 'default',
    category,
    observed_at,
    as,
  }: { account?: string; category: string; observed_at: string; as: string },
): Promise<void> {
  const id = (await addCategories(warehouse.db, account, [category])).get(category)!
  const observedAt = Date.parse(observed_at)
  const calendar = await loadCalendar(warehouse.db, observedAt, observedAt)
  await warehouse.transaction((tx) =>
    decide(tx, calendar, {
      categoryId: id,
      observedAt,
      as: as as Decision | 'auto',
      by: 'a test',
      why: 'a test',
    }),
  )
}

const accountOf = ({ account = 'default' }: Line) => account

const DELTA_COLUMNS = ['previous_at', 'observed_at', 'kind', 'decided', ...COUNTERS, 'timespent', 'extra']

/** Returns the rows of sms.deltas in the form of the worked cases, without null values. */
export async function readDeltas(
  warehouse: Warehouse,
  account = 'default',
): Promise<Record<string, unknown>[]> {
  const { rows } = await warehouse.pool.query(
    'select * from sms.deltas where account = $1 order by category, observed_at',
    [account],
  )
  return rows.map((row) => plain(Object.fromEntries(DELTA_COLUMNS.map((name) => [name, row[name]]))))
}

export type Grain = 'hourly' | 'daily' | 'weekly' | 'monthly'
export const BUCKET_NAME = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month' } as const

/** Columns that the worked cases leave out, because they follow from the bucket or the current time. */
const NOT_WORKED = ['account', 'category', 'local_hour', 'hour_of_day', 'weekday', 'is_complete']

/** Returns the rows of a trend view in the form of the worked cases. */
export async function readTrends(
  warehouse: Warehouse,
  grain: Grain,
  account = 'default',
): Promise<Record<string, unknown>[]> {
  const { rows } = await warehouse.pool.query(
    `select * from sms.trends_${grain} where account = $1 order by category, ${BUCKET_NAME[grain]}`,
    [account],
  )
  const leftOut = grain === 'hourly' ? [...NOT_WORKED, 'day'] : NOT_WORKED
  return rows.map((row) =>
    plain(Object.fromEntries(Object.entries(row).filter(([name]) => !leftOut.includes(name)))),
  )
}

/** A trend with what the worked cases say of it: they leave out how many corrections and resets lie in a bucket. */
export function asWorked({ corrections, resets, ...row }: Record<string, unknown>) {
  return row
}

function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, plainValue(name, value)]),
  )
}

function plainValue(name: string, value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (name === 'timespent') return Number(value)
  if (name === 'coverage' || name.endsWith('_rate')) return Number(Number(value).toFixed(9))
  return value
}
