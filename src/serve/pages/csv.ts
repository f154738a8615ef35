// Tables as CSV (RFC 4180).
import { stringify } from 'csv-stringify/sync'
import { safeCell } from '../../transfer/formula-guard.ts'

type Cell = Date | string | number | null

/** Names in the header come from outside, so they are guarded against being read as formulas. */
export function csvOf(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell instanceof Date ? cell.toISOString() : cell)))
  return stringify([header.map(safeCell), ...cells], { record_delimiter: 'windows' })
}
