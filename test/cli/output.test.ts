import pc from 'picocolors'
import { expect, test } from 'vitest'
import { formatJson, hasColors } from '../../src/cli/output.ts'
import { formatTable } from '../../src/cli/table.ts'
import { relativeTime } from '../../src/units.ts'

const PLAIN = pc.createColors(false)

interface Row {
  name: string
  sent: number | null
}

const table = (rows: Row[], colors = PLAIN) =>
  formatTable(
    rows,
    [
      { header: 'category', value: (row) => row.name },
      { header: 'sent', value: (row) => row.sent, align: 'right', color: (text) => colors.red(text) },
    ],
    colors,
  ).split('\n')

test('columns line up, also under CJK and emoji; null is a dash', () => {
  const rows = [
    { name: 'otp', sent: 1234 },
    { name: '注文', sent: null },
    { name: '🎉 fête', sent: 7 },
  ]
  expect(table(rows)).toEqual(['category  sent', 'otp       1234', '注文         –', '🎉 fête      7'])
})

test('colour does not move the columns', () => {
  const colors = pc.createColors(true)
  expect(table([{ name: 'otp', sent: 7 }], colors)[1]).toBe(`otp          ${colors.red('7')}`)
})

test('no rows: only the header', () => expect(table([])).toEqual(['category  sent']))

test('a name cannot move the cursor, start an escape sequence, break or reorder a line', () => {
  const [, line] = table([{ name: 'a\u001b[2Jb\u009b2Jc\nd\te\u202ef', sent: 1 }])
  expect(line).toMatch(/^a\\u001b\[2Jb\\u009b2Jc\\nd\\te\\u202ef +1$/)
})

test('JSON keeps its meaning and obeys nothing; bigints and dates become plain', () => {
  const value = { name: '\u001b\u009b\u202e\n', big: 12n, huge: 2n ** 70n, at: new Date(0) }
  const text = formatJson(value)
  expect(text).not.toMatch(/[\u001b\u009b\u202e]/)
  expect(JSON.parse(text)).toEqual({
    name: value.name,
    big: 12,
    huge: String(2n ** 70n),
    at: '1970-01-01T00:00:00.000Z',
  })
})

for (const [what, isTTY, env, expected] of [
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a pipe of a CI', false, { CI: '1', FORCE_COLOR: '1' }, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
] as const) {
  test(`colours on ${what}: ${expected}`, () => expect(hasColors({ isTTY }, env)).toBe(expected))
}

const NOW = Date.UTC(2026, 5, 1)
for (const [secondsAgo, text] of [
  [0, 'just now'],
  [0.9, 'just now'],
  [12, '12 s ago'],
  [59.9, '59 s ago'],
  [200, '3 min ago'],
  [3600, '1 h ago'],
  [86_400, '1 day ago'],
  [5 * 86_400, '5 days ago'],
  [-240, 'in 4 min'],
] as const) {
  test(`${secondsAgo} s ago reads "${text}"`, () => {
    expect(relativeTime(new Date(NOW - secondsAgo * 1000), new Date(NOW))).toBe(text)
  })
}
