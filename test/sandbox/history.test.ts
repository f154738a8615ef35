// The sandbox's past: what its API would have answered, at the clock's hours and five minutes.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/sandbox/clock.ts'
import { SANDBOX_HISTORY_MS, sandboxHistory } from '../../src/sandbox/history.ts'
import { LATE_CATEGORY, SANDBOX_CATEGORIES, statsAt } from '../../src/sandbox/lives.ts'

function historyUntil(until: number, seed: number) {
  return [...sandboxHistory({ seed, from: until - SANDBOX_HISTORY_MS, until })]
}

describe('sandboxHistory', () => {
  const until = Date.parse('2026-11-24T10:07:31Z')
  const history = historyUntil(until, 66)
  const instantsOf = (category: string) => history.filter((s) => s.category === category).map((s) => s.at)

  test('is what the API answered then', () => {
    for (const { category, at, stats } of history) expect(stats).toEqual(statsAt(category, at, 66))
  })

  test('has every category in turn, each in the order of time', () => {
    expect([...new Set(history.map((s) => s.category))]).toEqual(SANDBOX_CATEGORIES)
    const order = history.map((s) => SANDBOX_CATEGORIES.indexOf(s.category) * 1e15 + s.at)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  test('is hourly, and every five minutes in the last two days, from and until the instants asked for', () => {
    const instants = instantsOf('codeConfirmation')
    const recentFrom = until - 2 * DAY_MS
    for (const at of instants) expect(at % (at < recentFrom ? HOUR_MS : 5 * MINUTE_MS)).toBe(0)
    expect(instants[0]).toBe(Date.parse('2026-08-26T11:00:00Z'))
    expect(instants.at(-1)).toBe(Date.parse('2026-11-24T10:05:00Z'))
    expect(instants.filter((at) => at >= recentFrom)).toHaveLength(2 * 288)
  })

  test('never holds the instant it ends at, which the first live answer may have', () => {
    const onTheHour = Date.parse('2026-11-24T10:00:00Z')
    expect(historyUntil(onTheHour, 66).filter((s) => s.at >= onTheHour)).toEqual([])
  })

  test('watches the late category for ten days only, from a large total on', () => {
    const late = history.filter((s) => s.category === LATE_CATEGORY)
    expect(late[0]!.at).toBe(Date.parse('2026-11-14T11:00:00Z'))
    expect(late[0]!.stats.sent).toBeGreaterThan(1000)
  })

  test('has one gap of a day and a half, rarely two, in every 90 days', () => {
    fc.assert(
      fc.property(fc.integer({ min: 19_900, max: 21_900 }), fc.integer({ min: 0, max: 1e9 }), (day, seed) => {
        const from = day * DAY_MS
        const instants: number[] = []
        for (const { category, at } of sandboxHistory({ seed, from, until: from + SANDBOX_HISTORY_MS })) {
          if (category !== SANDBOX_CATEGORIES[0]) break
          instants.push(at)
        }
        const edges = [from - HOUR_MS, ...instants, from + SANDBOX_HISTORY_MS]
        const missing = edges.slice(1).map((at, i) => at - edges[i]! - HOUR_MS)
        const gaps = missing.filter((ms) => ms > 0)
        expect(gaps.length).toBeGreaterThanOrEqual(1)
        expect(gaps.length).toBeLessThanOrEqual(2)
        expect(Math.max(...gaps)).toBeGreaterThanOrEqual(35 * HOUR_MS)
        expect(Math.max(...gaps)).toBeLessThanOrEqual(37 * HOUR_MS)
      }),
      { numRuns: 8 },
    )
  })
})
