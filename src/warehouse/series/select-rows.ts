// Rows as a table, for the statements of a tick: an array for each column, unnested side by side. In a select list,
// as a function scan would write down the elements of each array first. Integers and instants are sent in binary,
// which PostgreSQL reads in a third of the time that it takes for their text; a column with one value throughout is
// sent once.
import { type RawBuilder, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { numberArray, textArray } from './text.ts'

/** One column of a table, made from rows of any kind. */
export interface Column<Name extends string, Row> {
  readonly name: Name
  /** Its values, as an item of a select list. */
  values(rows: readonly Row[]): RawBuilder<unknown>
}

/** A column of a table of the store. */
export type ColumnOf<Table extends keyof Tables, Row> = Column<keyof Tables[Table] & string, Row>

/** A column that is the same in all rows. */
export function constant<Name extends string>(
  name: Name,
  type: string,
  value: number | boolean,
): Column<Name, unknown> {
  return { name, values: () => sql`${value}::${sql.raw(type)}` }
}

/** A column of integers of any width. */
export function integers<Name extends string, Row>(
  name: Name,
  value: (row: Row) => number | bigint | null,
): Column<Name, Row> {
  return { name, values: (rows) => sql`unnest(${binaryArray(INT8, rows, value)}::bigint[])` }
}

const UNIX_MS_OF_2000 = 946_684_800_000

/** A column of instants, epoch milliseconds here. */
export function instants<Name extends string, Row>(
  name: Name,
  value: (row: Row) => number | null,
): Column<Name, Row> {
  const microsecondsSince2000 = (row: Row) => {
    const at = value(row)
    return at === null ? null : (at - UNIX_MS_OF_2000) * 1000
  }
  return {
    name,
    values: (rows) => sql`unnest(${binaryArray(TIMESTAMPTZ, rows, microsecondsSince2000)}::timestamptz[])`,
  }
}

/** A column whose values need no quotes in an array literal: decimals, dates, booleans, kinds. */
export function plain<Name extends string, Row>(
  name: Name,
  type: string,
  value: (row: Row) => string | boolean | null,
): Column<Name, Row> {
  return textual(name, type, value, numberArray)
}

/** A column of texts or of JSON. */
export function texts<Name extends string, Row>(
  name: Name,
  type: 'text' | 'jsonb',
  value: (row: Row) => string | null,
): Column<Name, Row> {
  return textual(name, type, value, textArray)
}

function textual<Name extends string, Row, Value>(
  name: Name,
  type: string,
  value: (row: Row) => Value | null,
  literal: (values: (Value | null)[]) => string,
): Column<Name, Row> {
  const element = sql.raw(type)
  return {
    name,
    values(rows) {
      const values = rows.map(value)
      const [first] = values
      return values.every((each) => each === first)
        ? sql`${first}::${element}`
        : sql`unnest(${literal(values)}::${element}[])`
    },
  }
}

/** A query for `rows`, which has at least one column of integers or instants: these are never one for all rows. */
export function selectRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<string, Row>[],
): RawBuilder<unknown> {
  const list = columns.map((column) => sql`${column.values(rows)} as ${sql.ref(column.name)}`)
  return sql`select ${sql.join(list)}`
}

const INT8 = 20
const TIMESTAMPTZ = 1184
const HEADER_BYTES = 20
const ELEMENT_BYTES = 12
const TWO_TO_32 = 2 ** 32

/** PostgreSQL's binary form of an array of eight-byte values. */
function binaryArray<Row>(
  elementType: number,
  rows: readonly Row[],
  value: (row: Row) => number | bigint | null,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + ELEMENT_BYTES * rows.length)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  view.setInt32(0, 1) // dimensions
  view.setInt32(4, 1) // nulls may come
  view.setInt32(8, elementType)
  view.setInt32(12, rows.length)
  view.setInt32(16, 1) // the first subscript
  let offset = HEADER_BYTES
  for (const row of rows) {
    const element = value(row)
    if (element === null) {
      view.setInt32(offset, -1)
      offset += 4
      continue
    }
    view.setInt32(offset, 8)
    if (typeof element === 'bigint') view.setBigInt64(offset + 4, element)
    else {
      const high = Math.floor(element / TWO_TO_32)
      view.setInt32(offset + 4, high)
      view.setUint32(offset + 8, element - high * TWO_TO_32)
    }
    offset += ELEMENT_BYTES
  }
  return buffer.subarray(0, offset)
}
