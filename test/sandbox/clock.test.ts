// The sandbox's own idea of Paris, against the ICU data of Node.

import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, parisDaysAt, startOfParisDay, weekdayOf } from '../../src/sandbox/clock.ts'

const inParis = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Paris',
  dateStyle: 'short',
  timeStyle: 'medium',
})

describe('days in Paris', () => {
  test('begin at midnight there, on each day of twelve years', () => {
    for (let day = 19_723; day < 19_723 + 12 * 366; day++) {
      const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
      expect(inParis.format(startOfParisDay(day))).toBe(`${date} 00:00:00`)
      expect(parisDaysAt(startOfParisDay(day))).toBe(day)
    }
  })

  test.each([
    ['summer time begins', '2026-03-28T22:00:00Z'],
    ['summer time ends', '2026-10-24T21:00:00Z'],
    ['the year ends', '2026-12-31T12:00:00Z'],
  ])('only run forward when %s', (_, from) => {
    const fromAt = Date.parse(from)
    for (let at = fromAt; at < fromAt + 30 * HOUR_MS; at += 60_000) {
      expect(parisDaysAt(at + 60_000)).toBeGreaterThan(parisDaysAt(at))
    }
  })

  test('know their weekday', () => {
    expect(weekdayOf(Date.parse('2026-11-23') / DAY_MS)).toBe(1)
    expect(weekdayOf(Date.parse('2026-11-29') / DAY_MS)).toBe(7)
  })
})
