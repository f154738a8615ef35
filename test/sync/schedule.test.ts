// When ticks are due, by a clock that is set and on a machine that sleeps.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSchedule, type Schedule } from '../../src/sync/schedule.ts'

const HOUR_MS = 3_600_000
const NOON = Date.parse('2026-03-10T12:00:00Z')

describe('a tick every minute', () => {
  const due: string[] = []
  let schedule: Schedule
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: NOON + 30_000 })
    due.length = 0
    schedule = createSchedule('* * * * *', 'UTC', (at) => due.push(new Date(at).toISOString().slice(11, 19)))
    schedule.start()
  })
  afterEach(() => {
    schedule.stop()
    vi.useRealTimers()
  })

  /** Time passes, and the clock goes with it. */
  const pass = (ms: number) => vi.advanceTimersByTime(ms)
  const setClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs)

  test('is due on the minute, once', () => {
    pass(150_000)
    expect(due).toEqual(['12:01:00', '12:02:00', '12:03:00'])
  })

  test('goes on while the clock is set back, and when it is right again', () => {
    pass(30_000)
    setClock(-HOUR_MS)
    pass(60_000)
    setClock(HOUR_MS)
    pass(60_000)
    expect(due).toEqual(['12:01:00', '11:02:00', '11:03:00', '12:03:00'])
  })

  test('is due once for a night that the machine slept through, and on the minute from then on', () => {
    setClock(8 * HOUR_MS)
    pass(60_000)
    expect(due).toEqual(['12:01:00', '20:01:00'])
  })

  test('is due no more after a stop', () => {
    schedule.stop()
    pass(HOUR_MS)
    expect(due).toEqual([])
  })
})
