// The reporting time zone and its days: stored in the database, computed by PostgreSQL's time zone data alone.
import { sql } from 'kysely'
import { type Calendar, createCalendar, type Day, isoDay } from '../counters/calendar.ts'
import { RULES_VERSION } from '../counters/rules-version.ts'
import { PrimosyncError, UsageError } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { knownTimezone } from '../timezone.ts'
import type { Db, Warehouse } from './pool.ts'

const DAY_MS = 86_400_000
/** How far the calendar reaches ahead of now, so that analysts can join with days to come. */
const AHEAD_MS = 366 * DAY_MS

/**
 * Makes `timezone` the reporting time zone of a new warehouse, or checks that it is that of an existing one. Throws a
 * UsageError for a zone that PostgreSQL does not know, or that differs from the warehouse's.
 */
export async function settleTimezone(warehouse: Warehouse, timezone: string): Promise<void> {
  const settled = await reportingTimezone(warehouse.db)
  if (settled === timezone) return
  if (settled !== null) throw otherTimezone(timezone, settled)
  await refuseUnknownTimezone(warehouse.db, timezone)
  await warehouse.db
    .insertInto('store.reporting')
    .values({ timezone, expected_every: null, rules: RULES_VERSION })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await settleTimezone(warehouse, timezone) // another process may have been first, with another zone
}

/** Stores the longest time between two ticks of the schedule: a snapshot older than twice that is stale. */
export async function setExpectedEvery(db: Db, pauseMs: number): Promise<void> {
  await sql`update store.reporting set expected_every = ${pauseMs} * interval '1 millisecond'`.execute(db)
}

/**
 * Locks the reporting time zone until the end of the transaction, so that no rebuild changes it meanwhile. Throws a
 * UsageError if it is another one.
 */
export async function holdTimezone(db: Db, timezone: string): Promise<void> {
  const row = await db.selectFrom('store.reporting').select('timezone').forShare().executeTakeFirst()
  if (row === undefined)
    throw new PrimosyncError('The warehouse has no reporting time zone yet.', {
      hint: `Run: ${PROGRAM} migrate`,
    })
  if (row.timezone !== timezone) throw otherTimezone(timezone, row.timezone)
}

function otherTimezone(timezone: string, settled: string): UsageError {
  const rebuild = `cut all trends anew with: ${PROGRAM} rebuild --timezone ${timezone}`
  return new UsageError(
    `REPORTING_TIMEZONE is ${timezone}, but this warehouse keeps its days in ${settled}.`,
    {
      hint:
        knownTimezone(settled) === settled
          ? `Set REPORTING_TIMEZONE=${settled}, or ${rebuild}`
          : `Schedules cannot use ${settled}: ${rebuild}`,
    },
  )
}

export async function reportingTimezone(db: Db): Promise<string | null> {
  const row = await db.selectFrom('store.reporting').select('timezone').executeTakeFirst()
  return row?.timezone ?? null
}

/** Throws a UsageError unless both PostgreSQL and JavaScript know the zone by this name. */
export async function refuseUnknownTimezone(db: Db, timezone: string): Promise<void> {
  if (knownTimezone(timezone) !== timezone) {
    throw new UsageError(`${JSON.stringify(timezone)} is no name of a time zone that can be used.`, {
      hint: 'Use a name of the IANA time zone database such as Europe/Paris, in its usual letters.',
    })
  }
  const { rows } = await sql`select 1 from pg_timezone_names where name = ${timezone}`.execute(db)
  if (rows.length > 0) return
  throw new UsageError(
    `REPORTING_TIMEZONE: PostgreSQL does not know the time zone ${JSON.stringify(timezone)}.`,
    {
      hint: 'Use a name of the IANA time zone database such as Europe/Paris; select name from pg_timezone_names lists them.',
    },
  )
}

const calendars = new WeakMap<Warehouse, Calendar>()

/** For when the database may be another one. */
export function forgetCalendar(warehouse: Warehouse): void {
  calendars.delete(warehouse)
}

/** A calendar that covers `instants` (epoch ms) and now; read from the database only if the known one does not. */
export async function calendarFor(warehouse: Warehouse, instants: readonly number[]): Promise<Calendar> {
  const from = Math.min(Date.now(), ...instants)
  const until = Math.max(Date.now(), ...instants)
  const known = calendars.get(warehouse)
  if (known && known.start <= from && known.end > until + DAY_MS) return known
  const calendar = await loadCalendar(warehouse.db, from, until)
  calendars.set(warehouse, calendar)
  return calendar
}

/** The calendar, first extended to cover everything from `from` to `until` (epoch ms). */
export async function loadCalendar(db: Db, from: number, until: number): Promise<Calendar> {
  const days = await readDays(db)
  const wantedEnd = Math.max(until, Date.now()) + DAY_MS
  const isWide = days.length > 0 && days[0]!.start <= from && days.at(-1)!.end > wantedEnd
  if (isWide) return createCalendar(days)
  // Without a hole: the days between the old calendar and the new end are added, too.
  const first = Math.min(from, days[0]?.start ?? from)
  const last = Math.max(wantedEnd + AHEAD_MS, days.at(-1)?.end ?? 0)
  await sql`call store.extend_calendar(${isoDay(first - 2 * DAY_MS)}::date, ${isoDay(last)}::date)`.execute(
    db,
  )
  const extended = await readDays(db)
  if (extended.length === 0)
    throw new PrimosyncError('The warehouse has no reporting time zone yet.', {
      hint: `Run: ${PROGRAM} migrate`,
    })
  return createCalendar(extended)
}

async function readDays(db: Db): Promise<Day[]> {
  const { rows } = await sql<Day>`
    /* readDays */
    select day::text as day,
      (extract(epoch from starts_at) * 1000)::bigint as start, (extract(epoch from ends_at) * 1000)::bigint as end
    from store.calendar order by day`.execute(db)
  return rows
}
