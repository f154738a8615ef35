// Rows sent as arrays arrive as they were: one column of each kind, through PostgreSQL and back.
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Column,
  constant,
  instants,
  integers,
  plain,
  selectRows,
  texts,
} from '../../src/warehouse/series/select-rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

const MOST = 2 ** 53 - 1

describe('selectRows', () => {
  let warehouse: TestWarehouse

  beforeAll(async () => {
    warehouse = await openTestWarehouse()
  })
  afterAll(() => warehouse.close())

  /** The values as PostgreSQL prints them. */
  const printed = async <Value>(values: readonly Value[], column: Column<'value', { value: Value }>) => {
    const rows = values.map((value, position) => ({ position, value }))
    const columns = [integers('position', (row: (typeof rows)[number]) => row.position), column]
    const { rows: read } = await sql<{ position: number; value: string | null }>`
      select position, value::text from (${selectRows(rows, columns)}) n`.execute(warehouse.db)
    expect(read.map(({ position }) => position)).toEqual(rows.map(({ position }) => position))
    return read.map(({ value }) => value)
  }

  test.each<[string, (number | bigint | null)[]]>([
    ['one', [7]],
    ['only nulls', [null, null]],
    ['both ends of 32 bits', [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31) - 1, -(2 ** 32)]],
    ['both ends of what is exact', [0, -1, MOST, -MOST, null]],
    ['both ends of a bigint', [2n ** 63n - 1n, -(2n ** 63n) + 1n, 0n, null, -1n]],
  ])('integers: %s', async (_, values) => {
    const column = integers('value', (row: { value: number | bigint | null }) => row.value)
    expect(await printed(values, column)).toEqual(
      values.map((value) => (value === null ? null : String(value))),
    )
  })

  test('instants, before and after the year 2000, to the millisecond', async () => {
    const texts = ['1970-01-01T00:00:00.001Z', '1999-12-31T23:59:59.999Z', '2262-04-11T23:47:16.854Z']
    const column = instants('value', ({ value }: { value: string | null }) =>
      value === null ? null : Date.parse(value),
    )
    const read = await printed([...texts, null], column)
    expect(read.map((text) => text && new Date(text).toISOString())).toEqual([...texts, null])
  })

  test.each<[string, 'numeric' | 'date' | 'boolean', (string | boolean | null)[], (string | null)[]]>([
    ['decimals', 'numeric', ['12.50', null, '0'], ['12.50', null, '0']],
    ['the same decimal throughout', 'numeric', ['3', '3'], ['3', '3']],
    ['no decimal at all', 'numeric', [null, null], [null, null]],
    ['dates', 'date', ['2026-03-01', null], ['2026-03-01', null]],
    ['booleans', 'boolean', [true, false, null], ['true', 'false', null]],
    ['no throughout', 'boolean', [false, false], ['false', 'false']],
  ])('plain: %s', async (_, type, values, expected) => {
    const column = plain('value', type, (row: { value: string | boolean | null }) => row.value)
    expect(await printed(values, column)).toEqual(expected)
  })

  test.each<[string, (string | null)[]]>([
    ['quotes, backslashes and line ends', ['"', '\\', '\\"', 'a\nb\tc', "'"]],
    ['what means something in an array', ['NULL', '', '{}', '{1,NULL}', 'a,b', null]],
    ['the same text throughout', ['{1,NULL}', '{1,NULL}']],
  ])('texts: %s', async (_, values) => {
    const column = texts('value', 'text', (row: { value: string | null }) => row.value)
    expect(await printed(values, column)).toEqual(values)
  })

  test('a constant is in each row', async () => {
    expect(await printed(['a', 'b'], constant('value', 'integer', 7))).toEqual(['7', '7'])
  })
})
