// Tables and lines within a terminal's columns.
import pc from 'picocolors'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { cutTo, padTo, wrapTo } from '../../src/cli/layout.ts'
import { sparkline } from '../../src/cli/sparkline.ts'
import { formatTable } from '../../src/cli/table.ts'
import { absoluteTime, clockTime } from '../../src/cli/times.ts'

for (const [text, columns, cut] of [
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['注文番号', 8, '注文番号'],
  ['注文番号', 7, '注文番…'],
  ['注文番号', 6, '注文…'], // half a character is none
  ['👨‍👩‍👧‍👦 family', 4, '👨‍👩‍👧‍👦 …'],
  ['e\u0301te\u0301', 2, 'e\u0301…'],
] as const) {
  test(`${text} in ${columns} columns is ${cut}`, () => expect(cutTo(text, columns)).toBe(cut))
}

test('padding counts columns, not characters', () => {
  expect(padTo('注文', 6)).toBe('注文  ')
  expect(padTo('12', 4, 'right')).toBe('  12')
})

test('lines break between words; what has no limit is one line', () => {
  expect(wrapTo('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrapTo('uninterrupted 12', 5)).toEqual(['uninterrupted', '12'])
  expect(wrapTo('one two three', null)).toEqual(['one two three'])
})

test('a sparkline: highest, lowest, zero, unknown', () => {
  expect(sparkline([0, 7, null, 3.5, '14'])).toBe('▁▅·▃█')
  expect(sparkline([-7, 0, 7])).toBe('▁▅█')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([5, 5])).toBe('██')
})

test('instants by the clocks of the zone, with the date where it is another day there', () => {
  const at = new Date('2026-03-01T23:30:05Z')
  expect(absoluteTime(at, 'Europe/Paris')).toBe('2026-03-02 00:30:05')
  expect(clockTime(at, new Date('2026-03-02T10:00:00Z'), 'Europe/Paris')).toBe('00:30:05')
  expect(clockTime(at, new Date('2026-03-02T10:00:00Z'), 'UTC')).toBe('2026-03-01 23:30:05')
})

describe('a table on a terminal', () => {
  const rows = [
    { name: 'codeConfirmation', note: 'a note that takes some room', sent: 1_234_567 },
    { name: '注文番号のお知らせとキャンセルのご連絡', note: '🎉', sent: 7 },
  ]
  const table = (width: number | null) =>
    formatTable(
      rows,
      [
        { header: 'category', value: ({ name }) => name, narrow: 'cut' },
        { header: 'sent', value: ({ sent }) => sent, align: 'right' },
        { header: 'note', value: ({ note }) => note, narrow: 'drop' },
      ],
      pc.createColors(false),
      width,
    ).split('\n')

  test('as wide as its cells where nothing limits it', () => {
    expect(table(null)[2]).toBe('注文番号のお知らせとキャンセルのご連絡        7  🎉')
  })

  test('cuts names first, then leaves columns out, and keeps them aligned', () => {
    for (let width = 20; width < 90; width += 1) {
      const lines = table(width)
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
      const ends = lines.map((line) => stringWidth(/^.*?(?:sent|1234567|7)(?= {2}|$)/.exec(line)![0]))
      expect(new Set(ends).size).toBe(1)
    }
    expect(table(70)[0]).toMatch(/note$/)
    expect(table(70)[2]).toMatch(/…/)
    expect(table(50)[0]).toMatch(/sent$/)
    expect(table(20)[2]).toBe('注文番号の…        7')
  })
})
