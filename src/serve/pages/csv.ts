// Tables as CSV (RFC 4180).
import { stringify } from 'csv-stringify/sync'
import { safeCell } from '../../transfer/formula-guard.ts'

type Cell = Date | string | number | boolean | null

/** Names in the header come from outside, so they are guarded against being read as formulas. */
export function csvOf(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return stringify([header.map(safeCell), ...rows], {
    record_delimiter: 'windows',
    cast: { boolean: String, date: (date) => date.toISOString() },
  })
}
