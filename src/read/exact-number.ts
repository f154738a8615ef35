// Numbers that a double cannot hold: as JSON, and summed up. Integers beyond 2^53 are text.
import { type RawBuilder, sql } from 'kysely'

/** PostgreSQL's decimal text as a JSON number, without being rounded to a double on the way. */
export function exactNumber(text: string | null) {
  return text === null ? null : JSON.rawJSON(text)
}

/** A bigint column within JSON that PostgreSQL builds: a number where a double holds it exactly, else text. */
export function jsonInteger(column: string): RawBuilder<unknown> {
  const value = sql.ref(column)
  return sql`case when abs(${value}) > ${Number.MAX_SAFE_INTEGER} then to_json(${value}::text) else to_json(${value}) end`
}

/** The exact sum: a number where a double holds it, else text. */
export function exactSum(values: readonly (number | string)[]): number | string {
  const total = values.reduce((sum, value) => sum + BigInt(value), 0n)
  return Number.isSafeInteger(Number(total)) ? Number(total) : String(total)
}
