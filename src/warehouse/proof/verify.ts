// Proves that the warehouse is right: derives everything again, compares it, and sums up the views that analysts read.
// Reads only, and does not hinder writers.
import { sql } from 'kysely'
import { ACCOUNT_COUNTERS, ITSELF } from '../../counters/account.ts'
import type { Calendar } from '../../counters/calendar.ts'
import { COUNTERS } from '../../counters/names.ts'
import { RULES_VERSION } from '../../counters/rules-version.ts'
import { PrimosyncError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { reportingTimezone } from '../calendar.ts'
import type { Db, Transaction, Warehouse } from '../pool.ts'
import { type Category, listSeries } from '../registry.ts'
import { storedRules } from '../rules.ts'
import { instantOrStart, numberArray, splitArray, timestamp } from '../series/text.ts'
import { compareCalendar, expectedCalendar } from './expected-calendar.ts'
import { type Recomputed, type RowDifference, recompute } from './recompute.ts'
import { compareTotals } from './totals.ts'

/** One cell, row or sum that is not as expected. */
export interface Difference {
  readonly table: string
  /** Null where it belongs to no category. */
  readonly account: string | null
  readonly category: string | null
  /** The instant or date of the row; null in a table with one row a category, and for a sum. */
  readonly row: string | null
  /** `row`: the row itself is missing or unexpected. */
  readonly column: string
  readonly stored: string | null
  readonly expected: string | null
}

export interface Verification {
  readonly categories: number
  readonly snapshots: number
  /** Of how many categories old snapshots were pruned: what is older is final and cannot be recomputed. */
  readonly pruned: number
  /** The first ones. */
  readonly differences: Difference[]
  /** How many there are in all. */
  readonly differenceCount: number
}

export interface VerifyOptions {
  /** How many differences to return; all are counted. */
  readonly most?: number
  readonly onStart?: (categories: number) => void
  readonly onCategory?: () => void
}

/** Compares everything stored with what is expected, one category at a time; memory does not grow with history. */
export async function verify(warehouse: Warehouse, options: VerifyOptions = {}): Promise<Verification> {
  const { most = 20, onStart, onCategory } = options
  const differences: Difference[] = []
  let differenceCount = 0
  const report = (difference: Difference) => {
    differenceCount += 1
    if (differences.length < most) differences.push(difference)
  }

  const { timezone, categories, span } = await reading(warehouse, async ({ db }) => {
    const settled = await reportingTimezone(db)
    if (settled === null)
      throw new PrimosyncError('There is nothing to verify: the warehouse has no reporting time zone yet.', {
        hint: `Run: ${PROGRAM} migrate`,
      })
    for (const difference of await compareCalendar(db, settled))
      flat({ table: 'store.calendar', key: difference.day, ...difference }, null).forEach(report)
    for (const orphan of await findOrphans(db)) report(orphan)
    const rules = await storedRules(db)
    if (rules !== RULES_VERSION) report(otherRules(rules))
    return { timezone: settled, categories: await listSeries(db), span: await wholeSpan(db) }
  })
  onStart?.(categories.length)
  let calendar = await reading(warehouse, ({ db }) => expectedCalendar(db, timezone, ...span))
  let snapshots = 0
  let pruned = 0
  for (const category of categories) {
    await reading(warehouse, async (tx) => {
      calendar = await covering(tx.db, calendar, timezone, category)
      const differing = recompute(tx, calendar, category.id)
      let next = await differing.next()
      for (; !next.done; next = await differing.next()) flat(next.value, category).forEach(report)
      if (category.category !== ITSELF) snapshots += next.value.snapshots
      if (next.value.start.newestAt !== null) pruned += 1
      for (const difference of await compareOrigins(tx.db, category, next.value)) report(difference)
      for (const difference of await compareSums(tx, category, next.value)) report(difference)
    })
    onCategory?.()
  }
  for (const difference of await reading(warehouse, ({ db }) => compareTotals(db)))
    report({ ...difference, category: null, row: null })
  return {
    categories: categories.filter(({ category }) => category !== ITSELF).length,
    snapshots,
    pruned,
    differences,
    differenceCount,
  }
}

function otherRules(stored: number | null): Difference {
  const of = { table: 'store.reporting', account: null, category: null, row: null, column: 'rules' }
  return { ...of, stored: stored === null ? null : String(stored), expected: String(RULES_VERSION) }
}

/** Runs `work` in a read-only transaction that sees one state of the database. */
function reading<T>(warehouse: Warehouse, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return warehouse.transaction(async (tx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(tx.db)
    await sql.raw(CELL_STYLE).execute(tx.db)
    return await work(tx)
  })
}

/** How cells are printed (cells.ts). */
export const CELL_STYLE = `set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'`

function flat(row: RowDifference, category: Category | null): Difference[] {
  const { table, key, problem, cells } = row
  const of = {
    table,
    account: category?.account ?? null,
    category: category?.category ?? null,
    row: key || null,
  }
  if (problem === 'missing') return [{ ...of, column: 'row', stored: null, expected: 'a row' }]
  if (problem === 'unexpected') return [{ ...of, column: 'row', stored: 'a row', expected: null }]
  return cells.map((cell) => ({ ...of, ...cell }))
}

/** From the first to the newest snapshot of all categories, epoch ms; now where there are none. */
export async function wholeSpan(db: Db): Promise<[from: number, until: number]> {
  const { rows } = await sql<{ first: Date | null; newest: Date | null }>`
    select min(s.first) as first, max(s.newest) as newest
    from store.category c, lateral (
      select min(observed_at) as first, max(observed_at) as newest from store.snapshot
      where category_id = c.id and isfinite(observed_at)
    ) s`.execute(db)
  const { first, newest } = rows[0]!
  return [first?.getTime() ?? Date.now(), newest?.getTime() ?? Date.now()]
}

/** The calendar, or a longer one if the category has new snapshots beyond it. */
async function covering(db: Db, calendar: Calendar, timezone: string, { id }: Category): Promise<Calendar> {
  if ((await reportingTimezone(db)) !== timezone)
    throw new PrimosyncError('The reporting time zone was changed while this was running.', {
      hint: 'Run it again.',
    })
  const { rows } = await sql<{ first: Date | null; newest: Date | null }>`
    select min(observed_at) as first, max(observed_at) as newest from store.snapshot
    where category_id = ${id} and isfinite(observed_at)`.execute(db)
  const first = rows[0]!.first?.getTime() ?? calendar.start
  const newest = rows[0]!.newest?.getTime() ?? calendar.start
  if (first >= calendar.start && newest < calendar.end) return calendar
  return await expectedCalendar(db, timezone, Math.min(first, calendar.start), Math.max(newest, calendar.end))
}

const TABLES_BY_CATEGORY = ['store.snapshot', 'store.hour', 'store.day', 'store.walk', 'store.checkpoint']

/** Rows of a category that does not exist. Hops from id to id along the primary key. */
async function findOrphans(db: Db): Promise<Difference[]> {
  const found: Difference[] = []
  for (const table of TABLES_BY_CATEGORY) {
    const { rows } = await sql<{ id: number }>`
      with recursive ids as (
        (select category_id as id from ${sql.table(table)} order by category_id limit 1)
        union all
        select (select category_id from ${sql.table(table)} where category_id > ids.id order by category_id limit 1)
        from ids where ids.id is not null
      )
      select id from ids where id is not null and id not in (select id from store.category)`.execute(db)
    const of = {
      table,
      account: null,
      category: null,
      row: null,
      column: 'category_id',
      expected: 'a category',
    }
    found.push(...rows.map(({ id }) => ({ ...of, stored: String(id) })))
  }
  return found
}

/** Each snapshot belongs to an existing run, an imported one to an import. */
async function compareOrigins(db: Db, category: Category, { origins }: Recomputed): Promise<Difference[]> {
  const ids = [...origins].map((origin) => Number(origin.split(' ')[0]))
  const runs = await db
    .selectFrom('store.run')
    .select(['id', 'trigger'])
    .where(sql<boolean>`id = any(${numberArray(ids)}::integer[])`)
    .execute()
  const expected = new Set(runs.map(({ id, trigger }) => `${id} ${trigger === 'import'}`))
  return [...origins]
    .filter((origin) => !expected.has(origin))
    .map((origin) => {
      const [id, imported] = origin.split(' ') as [string, string]
      const of = {
        table: 'store.snapshot',
        account: category.account,
        category: category.category,
        row: null,
      }
      return runs.some((run) => run.id === Number(id))
        ? { ...of, column: 'imported', stored: imported, expected: `as run ${id} has it` }
        : { ...of, column: 'run_id', stored: id, expected: 'a run' }
    })
}

const SUMS = sql.raw(`array[${COUNTERS.map((name) => `sum(${name})`).join(', ')}]::text`)

const VIEWS = [
  'sms.deltas',
  ...['hourly', 'daily', 'weekly', 'monthly'].map((grain) => `sms.trends_${grain}`),
]

/**
 * Σ hours = Σ days = Σ weeks = Σ months = Σ deltas, as the views have it (contract, section 4). Where snapshots
 * were pruned, the deltas of what is left, and the trends with what the hours before held.
 */
async function compareSums(tx: Transaction, category: Category, expected: Recomputed): Promise<Difference[]> {
  if (category.category === ITSELF) return await compareAccountSums(tx, category, expected)
  const before = await readTotalsBefore(tx, category, expected)
  const sums = VIEWS.map((view) => {
    const isDeltas = view === 'sms.deltas'
    return sql`
      select ${view}::text as view, ${SUMS} as sums,
        ${isDeltas ? sql`null` : sql`coalesce(sum(snapshots), 0)::text`} as snapshots
      from ${sql.table(view)} where account = ${category.account} and category = ${category.category}
        and ${isDeltas ? sql`observed_at > ${instantOrStart(expected.start.newestAt)}` : sql`true`}`
  })
  const { rows } = await sql<{ view: string; sums: string; snapshots: string | null }>`
    /* compareSums */ ${sql.join(sums, sql` union all `)}`.execute(tx.db)
  return rows.flatMap((row) => {
    const of = { table: row.view, account: category.account, category: category.category, row: null }
    const growth =
      row.view === 'sms.deltas'
        ? expected.growth
        : expected.growth.map((by, i) => plus(by, before.growth[i]!))
    const stored = [...splitArray(row.sums), row.snapshots]
    const should = [
      ...splitArray(numberArray(growth)),
      row.snapshots && String(before.snapshots + expected.snapshots),
    ]
    return [...COUNTERS, 'snapshots'].flatMap((name, i) =>
      stored[i] === should[i]
        ? []
        : [{ ...of, column: `sum(${name})`, stored: stored[i]!, expected: should[i]! }],
    )
  })
}

/** Σ days of the account's own trends = Σ deltas, and Σ attributed + Σ unattributed = Σ sent. Its series is never pruned. */
async function compareAccountSums(
  { db }: Transaction,
  { account }: Category,
  { growth }: Recomputed,
): Promise<Difference[]> {
  const sums = [
    ...ACCOUNT_COUNTERS.map(({ name, place }) => ({ name, expected: growth[COUNTERS.indexOf(place)]! })),
    { name: 'attributed + unattributed', expected: growth[COUNTERS.indexOf('sent')]! },
  ]
  const { rows } = await sql<{ sums: string }>`
    /* compareAccountSums */
    select array[${sql.raw(sums.map(({ name }) => `sum(${name})`).join(', '))}]::text as sums
    from sms.account_trends_daily where account = ${account}`.execute(db)
  const of = { table: 'sms.account_trends_daily', account, category: ITSELF, row: null }
  return splitArray(rows[0]!.sums).flatMap((stored, i) => {
    const expected = sums[i]!.expected === null ? null : String(sums[i]!.expected)
    return stored === expected ? [] : [{ ...of, column: `sum(${sums[i]!.name})`, stored, expected }]
  })
}

/** What the trends held before the point that the recomputation began at. */
async function readTotalsBefore({ db }: Transaction, { id }: Category, { start }: Recomputed) {
  const nothing = { growth: COUNTERS.map((): bigint | null => null), snapshots: 0 }
  if (start.open === null) return nothing
  const { hour } = start.open
  const { rows } = await sql<{ sums: string; snapshots: number }>`
    /* readTotalsBefore */
    select ${SUMS} as sums, coalesce(sum(snapshots), 0) as snapshots
    from store.hour where category_id = ${id} and hour < ${timestamp(hour.start)}`.execute(db)
  const sums = splitArray(rows[0]!.sums).map((sum) => (sum === null ? null : BigInt(sum)))
  return {
    growth: sums.map((sum, i) => plus(sum, hour.growth[i]!)),
    snapshots: rows[0]!.snapshots + hour.snapshots,
  }
}

function plus(a: bigint | null, b: bigint | null): bigint | null {
  return a === null ? b : b === null ? a : a + b
}
