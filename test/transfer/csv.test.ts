import { describe, expect, test } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { csvHeader, snapshotRecord } from '../../src/transfer/csv.ts'
import type { Entry } from '../../src/transfer/entry.ts'
import { entriesOf } from '../helpers/transfer.ts'

const AT = '2026-03-01T12:00:00Z'
const HEADER = 'category,observed_at,sent,timespent,extra'

test('columns in any order, cells in quotes, records over several lines', async () => {
  const file = `\ufeff"sent",category,observed_at,account,timespent,extra\r\n5,"a, ""b""\nc",${AT},,12.50,"{""x"":1.50}"\r\n\r\n,d,${AT},other,,\r\n`
  const entries = await entriesOf(file, 'csv')
  expect(entries).toEqual([
    {
      line: 2,
      account: 'default',
      category: 'a, "b"\nc',
      at: Date.parse(AT),
      reading: {
        counters: COUNTERS.map((name) => (name === 'sent' ? 5 : null)),
        timespent: '12.5',
        extra: '{"x":1.50}',
      },
    },
    { line: 5, reason: 'no value for any of the 12 counters' },
  ])
})

for (const [what, file] of [
  ['a delimiter in a line of its own', `sep=|\r\ncategory|observed_at|sent\r\na|${AT}|5\r\n`],
  ['an index without a name, as pandas writes', `,category,observed_at,sent\n0,a,${AT},5\n`],
  ['commas at the ends of lines', `category,observed_at,sent,,\na,${AT},5,,\n`],
] as const) {
  test(what, async () => {
    expect(await entriesOf(file, 'csv')).toEqual([
      expect.objectContaining({ category: 'a', reading: expect.objectContaining({ timespent: null }) }),
    ])
  })
}

test('carriage returns alone are refused in words', async () => {
  await expect(entriesOf(`category,observed_at,sent\ra,${AT},5\r`, 'csv')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('carriage returns'),
  })
})

for (const [what, delimiter] of [
  ['semicolons', ';'],
  ['tabs', '\t'],
] as const) {
  test(`${what}, as some spreadsheets write`, async () => {
    const file = `category,observed_at,sent\na,${AT},5\n`.replaceAll(',', delimiter)
    expect(await entriesOf(file, 'csv')).toEqual([expect.objectContaining({ category: 'a' })])
  })
}

describe('what a counter may be', () => {
  for (const [cell, value] of [
    ['925', 925],
    ['925.0', 925],
    ['9.25e2', 925],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ] as const) {
    test(cell, async () => {
      const [entry] = (await entriesOf(`${HEADER}\nc,${AT},${cell},,`, 'csv')) as Entry[]
      expect(entry).toHaveProperty('reading.counters.0', value)
    })
  }
})

describe('records that are refused', () => {
  for (const [record, reason] of [
    [`c,${AT},1`, 'has 3 cells, and the first line has 5'],
    [`c,${AT},9007199254740992,,`, 'sent is'],
    [`c,${AT},-1,,`, 'sent is -1'],
    [`c,${AT},1 000,,`, 'sent is "1 000"'],
    [`c,${AT},,5,`, 'no value for any of the 12 counters'],
    [`c,${AT},1,"12,5",`, 'timespent is "12,5"'],
    [`c,${AT},1,,[1]`, 'extra is not a JSON object'],
    [`c,${AT},1,,{x}`, 'extra is not a JSON object'],
    [`c,${AT},1,,"{""opens"":1}"`, 'extra contains opens'],
    [`,${AT},1,,`, 'category is missing'],
    ['c,2026-03-01T12:00:00,1,,', 'observed_at has no offset'],
    [`a"b",${AT},1,,`, 'there is a quote in the middle of a cell'],
    [`"a"b,${AT},1,,`, 'there is a quote in the middle of a cell'],
  ] as const) {
    test(`${record}: ${reason}`, async () => {
      const entries = await entriesOf(`${HEADER}\n${record}\nc,${AT},1,,\n`, 'csv')
      expect(entries).toEqual([
        { line: 2, reason: expect.stringContaining(reason) },
        expect.objectContaining({ line: 3, category: 'c' }),
      ])
    })
  }

  test('a quote that is never closed, with the line where it opens', async () => {
    const entries = await entriesOf(`${HEADER}\nc,${AT},1,,\n"c,${AT},1,,\nc,${AT},1,,\n`, 'csv')
    expect(entries).toEqual([
      expect.objectContaining({ line: 2, category: 'c' }),
      { line: 3, reason: 'a quote is not closed' },
      expect.objectContaining({ line: 4, category: 'c' }),
    ])
  })

  // What is written between two good lines, and the lines of it that are refused. All other lines are read.
  for (const [what, lines, refused] of [
    ['a quote within a cell', [`5" screen,${AT},1,,`], [3]],
    ['a quote at the start of a cell', [`"5 screen,${AT},1,,`], [3]],
    ['two of these', [`"5 screen,${AT},1,,`, `"6 screen,${AT},1,,`, `d,${AT},1,,`], [3, 4]],
    ['one before a record over two lines', [`"5 screen,${AT},1,,`, '"d', `d",${AT},1,,`], [3]],
    ['a record over two lines with a cell too few', ['"d', `d",${AT},1`], [3, 4]],
    ['a quoted cell that goes on after its quote', [`"d"d,${AT},1,,`], [3]],
  ] as const) {
    test(`${what} costs no other line`, async () => {
      const file = [HEADER, `c,${AT},1,,`, ...lines, `c,${AT},2,,`, `e,${AT},3,,`, ''].join('\n')
      const entries = await entriesOf(file, 'csv')
      const problems = entries.filter((entry) => 'reason' in entry).map(({ line }) => line)
      expect(problems).toEqual(refused)
      const categories = entries.flatMap((entry) => ('reason' in entry ? [] : [entry.category]))
      expect(categories[0]).toBe('c')
      expect(categories.slice(-2)).toEqual(['c', 'e'])
    })
  }

  test('a line that is not UTF-8, as a spreadsheet saves it for Western Europe', async () => {
    const entries = await entriesOf(Buffer.from(`${HEADER}\né,${AT},1,,\nc,${AT},1,,\n`, 'latin1'), 'csv')
    expect(entries).toEqual([
      { line: 2, reason: expect.stringContaining('the line is not UTF-8') },
      expect.objectContaining({ line: 3 }),
    ])
  })
})

for (const [header, message] of [
  ['category,sent', 'has no column observed_at'],
  ['category,observed_at,sent,Sent', 'names a column twice'],
  ['category,observed_at,sent,cost', 'has an unknown column: cost'],
  ['category,observed_at,sent,sent', 'names a column twice'],
] as const) {
  test(`a first line that names the wrong columns is wrong usage: ${header}`, async () => {
    await expect(entriesOf(`${header}\n`, 'csv')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    })
  })
}

describe('names in a spreadsheet are no formulas, and come back verbatim', () => {
  const names = [
    '=1+1',
    '+33',
    '-x',
    '@x',
    '\tx',
    '\rx',
    '\nx',
    '＝x',
    "'=1",
    "''=1",
    "'x",
    "'",
    'a=b',
    ' =x',
    '"=x"',
    'a;b',
  ]
  for (const name of names) {
    test(JSON.stringify(name), async () => {
      const snapshot = {
        at: Date.parse(AT),
        counters: COUNTERS.map((_, i) => i),
        timespent: '3',
        extra: null,
      }
      const record = snapshotRecord(name, name, snapshot)
      expect(record).not.toMatch(/^"?[=+\-@\t\r\n＝]/)
      const entries = await entriesOf(`${csvHeader}\n${record}\n`, 'csv')
      const { at, ...reading } = snapshot
      expect(entries).toEqual([{ line: 2, account: name, category: name, at, reading }])
    })
  }
})
