// The calendar by PostgreSQL's time zone data, computed day by day with store.day_start, whatever is stored.
import { sql } from 'kysely'
import { type Calendar, createCalendar, type Day, isoDay } from '../../counters/calendar.ts'
import type { Db } from '../pool.ts'
import { type CellDifference, type Cells, type CellTable, compareCells } from './cells.ts'

const DAY_MS = 86_400_000

const COLUMNS = [
  'starts_at',
  'ends_at',
  'week',
  'week_starts_at',
  'week_ends_at',
  'month',
  'month_starts_at',
  'month_ends_at',
]
const CALENDAR: CellTable = {
  name: 'store.calendar',
  key: { name: 'day', type: 'date' },
  columns: COLUMNS.map((name) => ({ names: [name], type: 'exact' })),
}

/** The days of `timezone` that hold all from `from` to `until` (epoch ms). */
export async function expectedCalendar(
  db: Db,
  timezone: string,
  from: number,
  until: number,
): Promise<Calendar> {
  const [first, last] = [isoDay(from - 2 * DAY_MS), isoDay(until + 3 * DAY_MS)]
  const { rows } = await sql<Day>`
    /* expectedCalendar */
    select day, start, "end" from (
      select d::date::text as day, start, lead(start) over (order by d) as "end"
      from generate_series(${first}::timestamp, ${last}::timestamp, interval '1 day') d,
        lateral (select (extract(epoch from store.day_start(d::date, ${timezone})) * 1000)::bigint as start) s
    ) days
    where "end" > start order by day -- a skipped day has no instant`.execute(db)
  return createCalendar(rows)
}

export interface DayDifference {
  readonly day: string
  readonly problem: 'wrong' | 'missing' | 'unexpected'
  readonly cells: readonly CellDifference[]
}

/** What is wrong with the stored calendar: cells, holes, half months. The session is in UTC. */
export async function compareCalendar(db: Db, timezone: string): Promise<DayDifference[]> {
  const days = await readStoredDays(db, timezone)
  return days.flatMap(({ day, stored, expected, next }, i): DayDifference[] => {
    if (expected === null) return [{ day, problem: 'unexpected', cells: [] }]
    const cells = compareCells(CALENDAR, stored, expected)
    const wrong: DayDifference[] = cells.length > 0 ? [{ day, problem: 'wrong', cells }] : []
    const [startsAt, endsAt, , , , month, monthStartsAt, monthEndsAt] = expected
    if (i === 0 && startsAt !== monthStartsAt) wrong.unshift({ day: month!, problem: 'missing', cells: [] })
    const followedBy = days[i + 1]
    const isFollowed = followedBy ? followedBy.expected?.[0] === endsAt : endsAt === monthEndsAt
    return isFollowed || followedBy?.expected === null
      ? wrong
      : [...wrong, { day: next, problem: 'missing', cells: [] }]
  })
}

interface StoredDay {
  readonly day: string
  readonly next: string
  readonly stored: Cells
  /** Null for a day that does not exist in this zone. */
  readonly expected: Cells | null
}

async function readStoredDays(db: Db, timezone: string): Promise<StoredDay[]> {
  const stored = sql.join(COLUMNS.map((name) => sql`c.${sql.ref(name)}::text`))
  const { rows } = await sql<StoredDay>`
    /* compareCalendar */
    with span as (
      select c.*, date_trunc('week', day::timestamp)::date as expected_week,
        date_trunc('month', day::timestamp)::date as expected_month
      from store.calendar c where day between '0002-01-01' and '9998-12-31'
    ), starts as materialized (
      select edge, store.day_start(edge, ${timezone}) as at from (
        select distinct edge from span, lateral (values
          (day), (day + 1), (expected_week), (expected_week + 7), (expected_month), ((expected_month + interval '1 month')::date)
        ) edges (edge)
      ) e
    )
    select c.day::text as day, (c.day + 1)::text as next, array[${stored}] as stored,
      case when d1.at > d.at then array[d.at::text, d1.at::text, expected_week::text, w.at::text, w1.at::text,
        expected_month::text, m.at::text, m1.at::text] end as expected
    from store.calendar c
    left join span s on s.day = c.day
    left join starts d on d.edge = s.day
    left join starts d1 on d1.edge = s.day + 1
    left join starts w on w.edge = s.expected_week
    left join starts w1 on w1.edge = s.expected_week + 7
    left join starts m on m.edge = s.expected_month
    left join starts m1 on m1.edge = (s.expected_month + interval '1 month')::date
    order by c.day`.execute(db)
  return rows
}
