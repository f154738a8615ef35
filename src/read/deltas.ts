// The deltas of one category, the newest first.
import { COUNTERS } from '../counters/names.ts'
import { exactNumber } from './exact-number.ts'
import type { Source } from './source.ts'

/** `before`: only what was observed earlier. */
export async function readDeltas(
  { db }: Source,
  asked: { account: string; category: string; before?: string | undefined; limit: number },
) {
  let query = db
    .selectFrom('sms.deltas')
    .select(['account', 'category', 'day', 'previous_at', 'observed_at', 'elapsed_seconds'])
    .select(['kind', 'decided', ...COUNTERS, 'timespent', 'extra'])
    .where('account', '=', asked.account)
    .where('category', '=', asked.category)
    .orderBy('observed_at', 'desc')
    .limit(asked.limit)
  if (asked.before !== undefined) query = query.where('observed_at', '<', new Date(asked.before))
  const rows = await query.execute()
  return rows.map((row) => ({ ...row, timespent: exactNumber(row.timespent) }))
}
