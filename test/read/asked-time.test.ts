// The times that people ask for: by table, in the days of the reporting time zone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edgesOf } from '../../src/cli/asked-range.ts'
import { askedTime, lastDays, lastOf } from '../../src/read/asked-time.ts'
import { rangeOf } from '../../src/serve/query.ts'

const TODAY = '2026-03-31'
const day = (first: string, last = first) => ({ first, last })

describe('a time', () => {
  for (const [text, expected] of [
    ['today', day(TODAY)],
    [' Yesterday ', day('2026-03-30')],
    ['1 day ago', day('2026-03-30')],
    ['31d ago', day('2026-02-28')],
    ['2024-02-29', day('2024-02-29')],
    ['2026-02', day('2026-02-01', '2026-02-28')],
    ['2024-02', day('2024-02-01', '2024-02-29')],
    ['2026-12', day('2026-12-01', '2026-12-31')],
    ['2026-03-29T02:30+01:00', new Date('2026-03-29T01:30:00Z')],
    ['2026-03-29 01:30:00Z', new Date('2026-03-29T01:30:00Z')],
  ] as const)
    test(`${text} is understood`, () => expect(askedTime(text, TODAY)).toEqual(expected))

  for (const text of [
    '2026-02-29',
    '2026-13',
    '2026',
    '2026-3-1',
    '01/03/2026',
    '2026-03-29T02:30',
    'tomorrow',
    'ago',
    '30d',
    '',
  ])
    test(`${text} is refused`, () => expect(askedTime(text, TODAY)).toBe(null))
})

describe('the last', () => {
  for (const [text, from] of [
    ['1d', '2026-03-31'],
    ['30d', '2026-03-02'],
    ['30 days', '2026-03-02'],
    ['4 weeks', '2026-03-04'],
    ['1w', '2026-03-25'],
    ['1 month', '2026-03-01'],
    ['2 months', '2026-02-01'],
    ['1 year', '2025-04-01'],
  ] as const)
    test(`${text} begins on ${from}`, () => expect(lastDays(text, TODAY)).toEqual({ from, to: TODAY }))

  test('24 hours end now, also where clocks change', () => {
    const now = new Date('2026-03-29T10:00:00Z')
    expect(lastOf('24h', { now, today: '2026-03-29' })).toEqual({
      from: new Date('2026-03-28T10:00:00Z'),
      to: now,
    })
  })

  for (const text of ['0d', '-1d', '30', 'd', '30 m', '1.5 weeks', '99999d', 'a week', '24h ago'])
    test(`${text} is refused`, () => expect(lastOf(text, { now: new Date(), today: TODAY })).toBe(null))

  test('so many days hold so many days', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), (count) => {
        const { from, to } = lastDays(`${count} d`, TODAY)!
        expect((Date.parse(to) - Date.parse(from)) / 86_400_000 + 1).toBe(count)
      }),
    )
  })
})

describe('days are those of the reporting time zone', () => {
  for (const [timezone, now, today] of [
    ['Europe/Paris', '2026-03-28T23:30:00Z', '2026-03-29'],
    ['Europe/Paris', '2026-10-25T00:30:00Z', '2026-10-25'],
    ['Pacific/Kiritimati', '2026-03-28T10:30:00Z', '2026-03-29'],
    ['America/Los_Angeles', '2026-11-02T07:59:00Z', '2026-11-01'],
  ] as const)
    test(`${now} in ${timezone} is ${today}`, () =>
      expect(edgesOf({ from: 'today', to: 'today' }, timezone, new Date(now))).toEqual({
        from: today,
        to: today,
      }))
})

test('a month as the end includes its last day; --last has no place beside --from', () => {
  const edges = (asked: object) => edgesOf(asked, 'Europe/Paris', new Date())
  expect(edges({ from: '2026-02', to: '2026-02' })).toEqual({ from: '2026-02-01', to: '2026-02-28' })
  expect(() => edges({ last: '30d', from: 'today' })).toThrow('--last says where a range begins')
})

test('pages and API read the same', () => {
  expect(rangeOf({ by: 'day', last: '30d' }, TODAY)).toEqual({ by: 'day', from: '2026-03-02', to: TODAY })
  expect(rangeOf({ by: 'day', from: 'yesterday', to: 'today' }, TODAY)).toMatchObject({
    from: '2026-03-30',
    to: TODAY,
  })
  expect(rangeOf({ by: 'week', from: '2026-02', to: '2026-02' }, TODAY)).toMatchObject({
    from: '2026-02-01',
    to: '2026-02-28',
  })
  expect(() => rangeOf({ by: 'day', last: '30d', to: 'today' }, TODAY)).toThrow('last')
})
