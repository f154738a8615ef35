// What the provider said, as stored: there is nothing to compare it with, but it must keep the rules of the contract's
// section 2. A value that breaks them is reported, and counts as unknown in what follows.
import { COUNTERS, type Snapshot } from '../../counters/names.ts'
import { splitArray } from '../series/text.ts'
import {
  type CellDifference,
  type Cells,
  instantOf,
  instantText,
  isFiniteDecimal,
  type StoredRow,
} from './cells.ts'

/** SQL for the columns that `rawRow` reads. */
export const RAW_SQL = [
  `array[${COUNTERS.join(', ')}]::text`,
  'timespent::text',
  'extra::text',
  'run_id::text',
  'imported::text',
]

/** A stored snapshot with the cells that were derived of it. */
export interface RawRow extends Snapshot {
  readonly key: string
  readonly cells: Cells
  /** The run that it came with, and whether that was an import. */
  readonly origin: string
}

/** `raw` is null for a row without an instant. */
export function rawRow({ key, others, cells }: StoredRow): {
  raw: RawRow | null
  problems: CellDifference[]
} {
  const [counters, timespent, extra, runId, imported] = others
  const problems: CellDifference[] = []
  const known = (column: string, value: string | null, isValid: boolean, expected: string) => {
    if (isValid) return value
    problems.push({ column, stored: value, expected })
    return null
  }
  const at = instantOf(key)
  known('observed_at', key, !Number.isNaN(at) && instantText(at) === key, 'a whole millisecond')
  const values = splitArray(counters!).map((value, i) =>
    known(COUNTERS[i]!, value, value === null || isCount(value), 'an integer from 0 to 9007199254740991'),
  )
  const raw = {
    key,
    cells,
    at,
    counters: values.map((value) => (value === null ? null : Number(value))),
    timespent: known('timespent', timespent!, timespent === null || isLevel(timespent!), 'a number from 0'),
    extra: known('extra', extra!, extra === null || extra!.startsWith('{'), 'a JSON object'),
    origin: `${runId} ${imported}`,
  }
  if (problems.length === 0)
    known(
      'counters',
      null,
      values.some((value) => value !== null),
      'at least one value',
    )
  return { raw: Number.isNaN(at) ? null : raw, problems }
}

const isCount = (text: string) => /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
const isLevel = (text: string) => isFiniteDecimal(text) && !text.startsWith('-')
