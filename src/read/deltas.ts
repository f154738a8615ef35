// The deltas of one category, the newest first.
import { type RawBuilder, sql } from 'kysely'
import { COUNTERS } from '../counters/names.ts'
import { exactNumber } from './exact-number.ts'
import type { Source } from './source.ts'

const COLUMNS: RawBuilder<unknown> = sql.join(COUNTERS.map((name) => sql.ref(name)))

/** `before`: only what was observed earlier. */
export async function readDeltas(
  { db }: Source,
  query: { account: string; category: string; before?: string | undefined; limit: number },
): Promise<Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown> & { timespent: string | null }>`
    /* readDeltas */
    select account, category, day, previous_at, observed_at, elapsed_seconds,
      kind, decided, ${COLUMNS}, timespent, extra
    from sms.deltas
    where account = ${query.account} and category = ${query.category}
      and (${query.before ?? null}::timestamptz is null or observed_at < ${query.before ?? null})
    order by observed_at desc limit ${query.limit}`.execute(db)
  return rows.map((row) => ({ ...row, timespent: exactNumber(row.timespent) }))
}
