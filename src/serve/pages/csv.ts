// Tables as CSV (RFC 4180).
import { stringify } from 'csv-stringify/sync'

type Cell = Date | string | number | null

/** Names in the header come from outside: a spreadsheet must not take one for a formula. */
export function csvOf(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const safe = header.map((name) => (/^[=+\-@\t\r]/.test(name) ? `'${name}` : name))
  const cells = rows.map((row) => row.map((cell) => (cell instanceof Date ? cell.toISOString() : cell)))
  return stringify([safe, ...cells], { record_delimiter: 'windows' })
}
