// The contract's section 4, a row per clause: changes cut at the edges of hours and days.
import { describe, expect, test } from 'vitest'
import { createCalendar } from '../../src/counters/calendar.ts'
import { type Bucket, gainedBy, Spread } from '../../src/counters/spread.ts'
import type { Decision } from '../../src/counters/step.ts'
import { Walk } from '../../src/counters/walk.ts'

const HOUR_MS = 3_600_000

test.each([
  ['nothing at the start', 0, 7, 0n],
  ['all of it at the end', 10, 7, 7n],
  ['in between the even part', 3, 10, 3n],
  ['a half goes away from zero', 5, 7, 4n],
  ['below zero too', 5, -7, -4n],
  ['less than a half does not', 4, 1, 0n],
  ['exactly, at any size', 5, Number.MAX_SAFE_INTEGER, 2n ** 52n],
])('gainedBy: %s', (_, at, delta, gained) => {
  expect(gainedBy(at, 0, 10, delta)).toBe(gained)
})

describe('hours', () => {
  // two days of 2.5 hours: the last hour of each is cut short
  const calendar = createCalendar(
    [0, 2.5, 5].map((hour, i) => ({ day: `day ${i}`, start: hour * HOUR_MS, end: (hour + 2.5) * HOUR_MS })),
  )
  test.each([
    [
      'a change within one hour',
      [
        [0.1, 5],
        [0.9, 9],
      ],
      '0: 4 of 2',
    ],
    [
      'a change over an edge is cut by time',
      [
        [0.5, 0],
        [1.5, 8],
      ],
      '0: 4 of 1, 1: 4 of 1',
    ],
    [
      'the parts add up',
      [
        [0.5, 0],
        [2.6, 10],
      ],
      '0: 2 of 1, 1: 5 of 0, 2: 3 of 0, 2.5: 0 of 1',
    ],
    [
      'an hour that only begins there is not reached into',
      [
        [0.5, 0],
        [1, 8],
      ],
      '0: 8 of 1, 1: null of 1',
    ],
    [
      'and one that only ends there neither',
      [
        [1, 0],
        [1.5, 8],
      ],
      '1: 8 of 2',
    ],
    ['one snapshot alone changes nothing', [[0.5, 7]], '0: null of 1'],
    [
      'a dip is counted and spreads nothing',
      [
        [0.1, 100],
        [1.1, 0],
        [2.1, 110],
      ],
      '0: 5 of 1, 1: 5 of 1, 2: 0 of 1',
    ],
  ] as [string, Said, string][])('%s', (_, said, hours) => {
    const growth = hoursOf(said).map(
      ({ start, growth, snapshots }) => `${start / HOUR_MS}: ${growth[0]} of ${snapshots}`,
    )
    expect(growth.join(', ')).toBe(hours)
  })

  test.each([
    [
      'the widest interval that reaches into it',
      [
        [0.5, 0],
        [0.75, 1],
        [2, 2],
        [2.25, 3],
      ],
      [1.25, 1.25, 0.25],
    ],
    [
      'not one that only begins or ends there',
      [
        [0.5, 0],
        [1, 1],
        [2.25, 2],
      ],
      [0.5, 1.25, 1.25],
    ],
    [
      'a dip ends none',
      [
        [0.5, 100],
        [1, 0],
        [1.5, 100],
      ],
      [1, 1],
    ],
    ['one snapshot has none', [[0.5, 0]], [null]],
  ] as [string, Said, (number | null)[]][])('widest gap: %s', (_, said, gaps) => {
    expect(hoursOf(said).map(({ widestGapMs }) => widestGapMs && widestGapMs / HOUR_MS)).toEqual(gaps)
  })

  test('widest gap: a decided dip at the end ends none', () => {
    const dip = new Map([[1.5 * HOUR_MS, 'dip' as const]])
    expect(
      hoursOf(
        [
          [0.5, 7],
          [1.5, 8],
        ],
        dip,
      ).map(({ widestGapMs }) => widestGapMs),
    ).toEqual([null, null])
  })

  /** Hour and `sent` of each snapshot. */
  type Said = [hour: number, sent: number][]

  function hoursOf(said: Said, decisions = new Map<number, Decision>()): Bucket[] {
    const walk = new Walk(decisions)
    const snapshots = said.map(([hour, sent]) => {
      return { at: hour * HOUR_MS, counters: [sent, ...Array(11).fill(null)], timespent: null, extra: null }
    })
    const walked = snapshots.flatMap((snapshot) => walk.push(snapshot))
    const spread = new Spread(calendar)
    for (const one of [...walked, ...walk.end().walked]) spread.add(one)
    return [...spread.takeAllButLast().hours, spread.open().hour]
  }
})
