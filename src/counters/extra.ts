// The unknown fields of an answer whose changes are computed like those of counters (contract, section 3, rule 7).
// Pure; values are exact integers 0 … 2^53−1.

import { exactInteger } from './integer.ts'

/**
 * Returns the top-level fields of `extra` that are JSON numbers with an integer value 0 … 2^53−1 (`4.0` and `4e0`
 * count, strings do not), by name, in an object without a prototype; null if there are none. `extra` is the text of a
 * JSON object, as in a Reading or as PostgreSQL prints a jsonb.
 */
export function extraTotals(extra: string | null): Record<string, number> | null {
  if (extra === null) return null
  const fields = JSON.parse(extra, (_name, value, { source }) =>
    typeof value === 'number' ? exactInteger(source!) : value,
  ) as Record<string, unknown>
  const totals: Record<string, number> = Object.create(null)
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'number') totals[name] = value
  return Object.keys(totals).length > 0 ? totals : null
}
