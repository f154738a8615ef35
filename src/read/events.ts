// What charts mark: resets, corrections, dips, decisions, and long times without a snapshot.
import { sql } from 'kysely'
import { COUNTERS, type CounterName } from '../counters/names.ts'
import type { CategoryKey } from './category-keys.ts'
import type { Source } from './source.ts'
import type { Value } from './trends.ts'

export type EventKind = 'reset' | 'correction' | 'dip' | 'baseline'

export interface EventRow {
  readonly kind: EventKind
  readonly previous_at: Date | null
  readonly observed_at: Date
  /** The last one of a dip of several snapshots; else `observed_at`. */
  readonly until: Date
  readonly decided: boolean
  /** The decision that holds; null where the rules decided. */
  readonly decided_by: string | null
  readonly decided_at: Date | null
  readonly why: string | null
  /** Δ by counter; null where unknown. */
  readonly changes: Readonly<Record<CounterName, Value>>
}

/** As many are returned, the newest. */
export const MOST_EVENTS = 200

type Row = Omit<EventRow, 'until' | 'changes'> & Record<CounterName, Value>

/** What happened to a category in (from, until], the newest first, the snapshots of one dip as one. */
export async function readEvents(
  { db }: Source,
  { account, category }: CategoryKey,
  from: Date,
  until: Date,
): Promise<EventRow[]> {
  // not from sms.deltas: the partial index for this is on the kind as it is stored
  const { rows } = await sql<Row>`
    /* readEvents */
    select s.kind::text as kind, s.previous_at, s.observed_at, s.decided, d.decided_by, d.decided_at, d.why,
      ${sql.join(COUNTERS.map((name) => sql`${sql.ref(`s.${name}_delta`)} as ${sql.ref(name)}`))}
    from store.snapshot s
    left join sync.decisions d on s.decided and d.holds
      and d.account = ${account} and d.category = ${category} and d.observed_at = s.observed_at
    where s.category_id = (
        select c.id from store.category c join store.account a on a.id = c.account_id
        where a.name = ${account} and c.name = ${category}
      )
      and s.kind in ('correction', 'reset', 'dip', 'baseline')
      and s.observed_at > ${from} and s.observed_at <= ${until}
    order by s.observed_at desc limit ${MOST_EVENTS}`.execute(db)
  return withWholeDips(rows.map(toEvent))
}

function toEvent(row: Row): EventRow {
  const { kind, previous_at, observed_at, decided, decided_by, decided_at, why } = row
  const changes = Object.fromEntries(COUNTERS.map((name) => [name, row[name]])) as EventRow['changes']
  return {
    kind,
    previous_at,
    observed_at,
    until: observed_at,
    decided,
    decided_by,
    decided_at,
    why,
    changes,
  }
}

/** Dip snapshots with the same previous snapshot are one dip. */
function withWholeDips(newestFirst: readonly EventRow[]): EventRow[] {
  const events: EventRow[] = []
  for (const event of newestFirst) {
    const later = events.at(-1)
    const isSameDip =
      event.kind === 'dip' &&
      later?.kind === 'dip' &&
      later.previous_at?.getTime() === event.previous_at?.getTime()
    if (isSameDip) events[events.length - 1] = { ...event, until: later.until }
    else events.push(event)
  }
  return events
}

export interface Gap {
  readonly from: Date
  readonly to: Date
}

/** The times longer than that between two snapshots that reach into (from, until), the newest first. */
export async function readGaps(
  { db }: Source,
  { account, category }: CategoryKey,
  range: { from: Date; until: Date; longerThanSeconds: number },
): Promise<Gap[]> {
  const { rows } = await sql<Gap>`
    /* readGaps */
    select previous_at as from, observed_at as to from sms.deltas
    where account = ${account} and category = ${category} and kind <> 'dip'
      and observed_at > ${range.from} and previous_at < ${range.until}
      and elapsed_seconds > ${range.longerThanSeconds}
    order by observed_at desc limit ${MOST_EVENTS}`.execute(db)
  return rows
}
