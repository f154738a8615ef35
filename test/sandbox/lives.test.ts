// The lives of the sandbox's categories: plausible, deterministic, and with every promised incident.

import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { COUNTERS, type CounterName } from '../../src/counters/names.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/sandbox/clock.ts'
import { NO_STATS, SANDBOX_CATEGORIES, type SandboxStats, statsAt } from '../../src/sandbox/lives.ts'

const CORRECTED = 'Suivi colis'
const RESET = 'Alertes stock'
const HICCUPS = 'connexion-2fa'
const OMITTED = 'Programme fidélité'
const STEADY = SANDBOX_CATEGORIES.filter((category) => ![CORRECTED, RESET, HICCUPS].includes(category))

const someNow = fc.integer({ min: Date.parse('2025-04-01'), max: Date.parse('2030-01-01') })
const someSeed = fc.integer({ min: 0, max: 2 ** 40 })

function polls(category: string, from: number, until: number, stepMs: number, seed: number): SandboxStats[] {
  const answers: SandboxStats[] = []
  for (let at = from; at <= until; at += stepMs) answers.push(statsAt(category, at, seed)!)
  return answers
}

function last90Days(category: string, now: number, seed: number): SandboxStats[] {
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS
  return polls(category, hour - 90 * DAY_MS, hour, HOUR_MS, seed)
}

function sum(stats: SandboxStats): number {
  return COUNTERS.reduce((total, name) => total + (stats[name] ?? 0), 0)
}

/** How often an answer falls below the one before in any counter that both know. */
function falls(answers: readonly SandboxStats[]): number {
  return answers.filter((stats, i) => i > 0 && COUNTERS.some((name) => falling(answers[i - 1]!, stats, name)))
    .length
}

function falling(before: SandboxStats, after: SandboxStats, name: CounterName): boolean {
  const [from, to] = [before[name] ?? null, after[name] ?? null]
  return from !== null && to !== null && to < from
}

/** What a counter grew by between two instants given as local times in Paris. */
function growth(category: string, name: CounterName, from: string, until: string): number {
  return statsAt(category, Date.parse(until), 1)![name]! - statsAt(category, Date.parse(from), 1)![name]!
}

describe('an answer', () => {
  test('holds the 12 counters as whole numbers in their order, then timespent with one decimal', () => {
    for (const category of SANDBOX_CATEGORIES.filter((name) => name !== OMITTED)) {
      const { timespent, ...counters } = statsAt(category, Date.parse('2026-11-24T10:00:00Z'), 1)!
      expect(Object.keys(counters)).toEqual(COUNTERS)
      for (const total of Object.values(counters))
        expect(Number.isSafeInteger(total) && total! >= 0).toBe(true)
      expect(timespent).toBeGreaterThan(0)
      expect(timespent).toBe(Number(timespent!.toFixed(1)))
    }
  })

  test('depends on category, instant and seed alone: not on what was asked before, nor on a restart', async () => {
    const instants = [0, 400, 12, 90, 3].map((days) => Date.parse('2026-11-24T10:07:03Z') - days * DAY_MS)
    const names = [...SANDBOX_CATEGORIES, 'load-7']
    const ask = (of: typeof statsAt, order: number[]) =>
      new Map(order.flatMap((at) => names.map((name) => [`${at} ${name}`, of(name, at, 5)] as const)))
    const before = ask(statsAt, instants)
    vi.resetModules()
    const restarted = await import('../../src/sandbox/lives.ts')
    expect(restarted.statsAt).not.toBe(statsAt)
    expect(ask(restarted.statsAt, instants.toReversed())).toEqual(before)
  })

  test('differs from seed to seed', () => {
    const at = Date.parse('2026-11-24T10:00:00Z')
    for (const category of [...SANDBOX_CATEGORIES, 'load-7'].filter((name) => name !== 'ancienne-boutique')) {
      expect(statsAt(category, at, 1)).not.toEqual(statsAt(category, at, 2))
    }
  })

  test('is null for a category that the sandbox does not know', () => {
    for (const name of ['', 'codeconfirmation', '__proto__', 'load-', 'load-x', 'xload-1', 'load-1 ']) {
      expect(statsAt(name, Date.parse('2026-11-24'), 1), name).toBeNull()
    }
  })

  test('keeps plausible relations between the counters', () => {
    fc.assert(
      fc.property(someNow, someSeed, fc.constantFrom(...STEADY, 'load-42'), (now, seed, category) => {
        const stats = { ...statsAt(category, now, seed) } as Record<CounterName, number>
        expect(stats.submitted).toBeLessThanOrEqual(stats.sent)
        expect(stats.delivered).toBeLessThanOrEqual(stats.submitted)
        if (stats.openers) expect(stats.openers).toBeLessThanOrEqual(stats.opens)
        if (stats.clickers) expect(stats.clickers).toBeLessThanOrEqual(stats.clicks)
        expect(stats.openers ?? 0).toBeLessThanOrEqual(stats.delivered)
        expect(stats.delivered / stats.sent).toBeGreaterThan(0.9)
      }),
      { numRuns: 200 },
    )
  })
})

describe('totals', () => {
  test('never fall by the hour, but for the categories with incidents', () => {
    fc.assert(
      fc.property(someNow, someSeed, (now, seed) => {
        for (const category of STEADY) expect(falls(last90Days(category, now, seed)), category).toBe(0)
      }),
      { numRuns: 3 },
    )
  })

  test.each(['2026-03-29', '2026-10-25', '2026-07-15'])('never fall by the minute on %s', (day) => {
    const from = Date.parse(day) - 3 * HOUR_MS
    for (const category of [...STEADY, 'load-3']) {
      expect(falls(polls(category, from, from + 30 * HOUR_MS, MINUTE_MS, 1)), category).toBe(0)
    }
  })

  test('are zero before the first day', () => {
    for (const category of SANDBOX_CATEGORIES.filter((name) => name !== 'ancienne-boutique')) {
      expect(sum(statsAt(category, Date.parse('2023-06-01'), 1)!)).toBe(0)
    }
  })
})

describe('rhythms', () => {
  test('codes follow the day in Paris and rest on Sundays', () => {
    const night = growth('codeConfirmation', 'sent', '2026-11-24T02:00+01:00', '2026-11-24T04:00+01:00')
    const evening = growth('codeConfirmation', 'sent', '2026-11-24T18:00+01:00', '2026-11-24T20:00+01:00')
    expect(evening).toBeGreaterThan(8 * night)
    expect(night).toBeGreaterThan(0)
    const friday = growth('codeConfirmation', 'sent', '2026-11-20T00:00+01:00', '2026-11-21T00:00+01:00')
    const sunday = growth('codeConfirmation', 'sent', '2026-11-22T00:00+01:00', '2026-11-23T00:00+01:00')
    expect(friday).toBeGreaterThan(1.2 * sunday)
  })

  test('reminders go out on weekday mornings only, in winter and in summer time', () => {
    for (const [zone, tuesday, saturday, monday] of [
      ['+01:00', '2026-11-24', '2026-11-21', '2026-11-23'],
      ['+02:00', '2026-06-16', '2026-06-13', '2026-06-15'],
    ]) {
      const sent = (from: string, until: string) => growth('Rappels RDV', 'sent', from + zone, until + zone)
      expect(sent(`${tuesday}T07:00`, `${tuesday}T13:00`)).toBeGreaterThan(200)
      expect(sent(`${tuesday}T13:00`, `${tuesday}T23:30`)).toBe(0)
      expect(sent(`${saturday}T00:00`, `${monday}T07:00`)).toBe(0)
    }
  })

  test('a campaign is a burst of messages with a long tail of opens and clicks', () => {
    const hours = last90Days('Campagnes promo', Date.parse('2026-11-24'), 1)
    const sent = hours.map((stats, i) => (i === 0 ? 0 : stats.sent! - hours[i - 1]!.sent!))
    const bursts = sent.filter((messages) => messages > 0).length
    expect(bursts).toBeGreaterThanOrEqual(10)
    expect(bursts).toBeLessThanOrEqual(28) // at most two hours for each of 14 campaigns
    for (const name of ['openers', 'clicks'] as const) {
      const daysWithout = Array.from({ length: 90 }, (_, day) => day).filter(
        (day) => hours[24 * day + 24]![name] === hours[24 * day]![name],
      )
      expect(daysWithout).toEqual([])
    }
  })

  test('the seasonal category is many times busier in July than in October', () => {
    const july = growth('Locations saisonnières', 'sent', '2026-07-10T00:00Z', '2026-07-31T00:00Z')
    const october = growth('Locations saisonnières', 'sent', '2026-10-20T00:00Z', '2026-11-10T00:00Z')
    expect(july).toBeGreaterThan(5 * october)
  })

  test('the idle category never moves', () => {
    const answers = last90Days('ancienne-boutique', Date.parse('2026-11-24'), 1)
    expect(new Set(answers.map((stats) => JSON.stringify(stats))).size).toBe(1)
    expect(sum(answers[0]!)).toBeGreaterThan(0)
  })

  test('load categories each have their own size', () => {
    const answers = Array.from(
      { length: 50 },
      (_, n) => statsAt(`load-${n}`, Date.parse('2026-11-24'), 1)!.sent,
    )
    expect(new Set(answers).size).toBe(50)
  })
})

describe('any 90 days hold', () => {
  const inAnyWindow = (check: (now: number, seed: number) => void) =>
    fc.assert(fc.property(someNow, someSeed, check), { numRuns: 25 })

  test('several small corrections downwards', () => {
    inAnyWindow((now, seed) => {
      const answers = last90Days(CORRECTED, now, seed)
      const corrections = answers.filter((stats, i) => i > 0 && falls([answers[i - 1]!, stats]) > 0)
      expect(corrections.length).toBeGreaterThanOrEqual(4)
      const shares = answers.slice(1).map((stats, i) => sum(stats) / sum(answers[i]!))
      expect(Math.min(...shares)).toBeGreaterThan(0.98)
    })
  })

  test('a reset to zero', () => {
    inAnyWindow((now, seed) => {
      const answers = last90Days(RESET, now, seed)
      const resets = answers.filter((stats, i) => i > 0 && 2 * sum(stats) < sum(answers[i - 1]!))
      expect(resets.length).toBeGreaterThanOrEqual(1)
      expect(resets.length).toBeLessThanOrEqual(2)
      expect(falls(answers)).toBe(resets.length)
      for (const stats of resets) expect(stats.sent).toBeLessThan(100)
    })
  })

  test('a hiccup: half an hour of zeros, then everything as before', () => {
    inAnyWindow((now, seed) => {
      const answers = last90Days(HICCUPS, now, seed)
      const zeros = answers.flatMap((stats, i) => (sum(stats) === 0 ? [i] : []))
      expect(zeros.length).toBeGreaterThanOrEqual(1)
      expect(zeros.length).toBeLessThanOrEqual(2)
      for (const i of zeros) if (answers[i]) expect(answers[i]).toEqual(NO_STATS)
      expect(falls(answers.filter((stats) => sum(stats) > 0))).toBe(0)
    })
  })

  test('ten days in which the fields of openers are missing and those of clickers null', () => {
    inAnyWindow((now, seed) => {
      const without = last90Days(OMITTED, now, seed).filter((stats) => !('openers' in stats))
      expect(without.length).toBeGreaterThanOrEqual(239)
      for (const stats of without) {
        expect(stats).toMatchObject({ clickers: null, clicks: null })
        expect(stats).not.toHaveProperty('opens')
        expect(stats.sent).toBeGreaterThan(0)
      }
    })
  })
})
