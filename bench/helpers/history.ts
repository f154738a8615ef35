// Years of history in seconds: SQL writes the rows that the program would have written, had it polled all the
// time. `primosync verify` finds nothing wrong with them where polls are an hour apart or less; else there are
// no rows for hours, and the first tick makes a checkpoint.
import { COUNTERS } from '../../src/counters/names.ts'
import { loadCalendar } from '../../src/warehouse/calendar.ts'
import { addCategories } from '../../src/warehouse/registry.ts'
import { BARE_COLUMNS } from './bare.ts'
import { type BenchWarehouse, TIMEZONE } from './database.ts'
import { categoryNames } from './readings.ts'

/** What counter `n` of a category gains at each poll; SQL over store.category's `id`. */
const gain = (n: number) => `(${n + 1} + c.id % 7)`
const each = (sql: (n: number) => string) => COUNTERS.map((_, n) => sql(n)).join(', ')
const SECONDS = (span: string) => `extract(epoch from ${span})`

export interface History {
  readonly categories: number
  readonly days: number
  /** The last day of it, yyyy-mm-dd; the newest snapshot is at its end. */
  readonly until: string
  readonly everySeconds: number
}

interface Span {
  readonly from: string
  readonly to: string
  readonly polls: number
}

/** Registers the categories and makes the calendar reach; gives the first and last instant as SQL texts. */
export async function prepareHistory(warehouse: BenchWarehouse, history: History): Promise<Span> {
  const { categories, days, until, everySeconds } = history
  await addCategories(warehouse.db, 'default', categoryNames(categories))
  await loadCalendar(warehouse.db, Date.parse(until) - (days + 2) * 86_400_000, Date.parse(until))
  const { rows } = await warehouse.pool.query<Span>(
    `select min(starts_at)::text as "from", max(ends_at)::text as "to",
      (${SECONDS('max(ends_at) - min(starts_at)')} / $3)::integer as polls
    from store.calendar where day > $1::date - $2::integer and day <= $1::date`,
    [until, days, everySeconds],
  )
  return rows[0]!
}

/** The snapshots with their deltas, tick by tick. */
export async function fillSnapshots(
  warehouse: BenchWarehouse,
  { from, polls }: Span,
  every: number,
): Promise<void> {
  await warehouse.pool.query(
    `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'import', now(), 'ok')`,
  )
  await warehouse.pool.query(
    `insert into store.snapshot (observed_at, category_id, run_id, ${COUNTERS.join(', ')}, imported,
      decided, kind, previous_at, ${COUNTERS.map((name) => `${name}_delta`).join(', ')})
    select $1::timestamptz + p * ${every} * interval '1 second', c.id, (select max(id) from store.run), ${each((n) => `p::bigint * ${gain(n)}`)}, true,
      case when p > 0 then false end, case when p > 0 then 'growth'::store.delta_kind end,
      case when p > 0 then $1::timestamptz + (p - 1) * ${every} * interval '1 second' end,
      ${each((n) => `case when p > 0 then ${gain(n)} end`)}
    from generate_series(0, $2::integer) p, store.category c order by p, c.id`,
    [from, polls],
  )
}

/** The hours and days that are over, and where each walk stands. */
export async function fillTrends(
  warehouse: BenchWarehouse,
  { from, to, polls }: Span,
  every: number,
): Promise<void> {
  const { pool } = warehouse
  const growth = (span: string) => each((n) => `(${SECONDS(span)} / ${every} * ${gain(n)})::bigint`)
  const rest = (span: string) =>
    `${growth(span)}, ${every} * 1000, greatest(1, ${SECONDS(span)} / ${every})::integer`
  const columns = `category_id, ${COUNTERS.join(', ')}, widest_gap_ms, snapshots`
  if (every <= 3600) {
    await pool.query(
      `insert into store.hour (hour, day, ${columns})
      select hour, day, c.id, ${rest("interval '1 hour'")}
      from store.calendar d, generate_series(starts_at, ends_at - interval '1 hour', interval '1 hour') hour, store.category c
      where starts_at >= $1 and ends_at <= $2 order by hour, c.id`,
      [from, to],
    )
  }
  await pool.query(
    `insert into store.day (day, ${columns})
    select day, c.id, ${rest('d.ends_at - d.starts_at')} from store.calendar d, store.category c
    where starts_at >= $1 and ends_at <= $2 order by day, c.id`,
    [from, to],
  )
  const none = `'{${COUNTERS.map(() => 'NULL').join(',')}}'`
  await pool.query(
    `update store.walk w set first_at = $1, newest_at = $2, standing_at = $2,
      last = array[${each((n) => `$3::bigint * ${gain(n)}`)}]::text,
      hour = $2, hour_growth = ${none}, hour_snapshots = 1, hour_corrections = 0, hour_resets = 0,
      day = ($2::timestamptz at time zone '${TIMEZONE}')::date, day_growth = ${none}, day_snapshots = 1, day_corrections = 0, day_resets = 0,
      snapshots_since_checkpoint = $3::integer + 1
    from store.category c where c.id = w.category_id`,
    [from, to, polls],
  )
}

/** The same snapshots in a bare table, tick by tick. */
export async function fillBare(
  warehouse: BenchWarehouse,
  { from, polls }: Span,
  every: number,
): Promise<void> {
  await warehouse.pool.query(
    `insert into bare (${BARE_COLUMNS.join(', ')})
    select c.id, $1::timestamptz + p * ${every} * interval '1 second', ${each((n) => `p::bigint * ${gain(n)}`)}, null
    from generate_series(0, $2::integer) p, store.category c order by p, c.id`,
    [from, polls],
  )
}

/** What a daemon of a database would have done by now, so that it does not happen while we measure. */
export async function settle({ pool }: BenchWarehouse): Promise<void> {
  await pool.query('vacuum (analyze)')
  await pool.query('checkpoint')
}
