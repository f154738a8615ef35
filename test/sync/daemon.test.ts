// The daemon: the first tick at once, then on schedule, one at a time.
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { longestPauseMs } from '../../src/cron.ts'
import { UsageError } from '../../src/errors.ts'
import { type Daemon, type DaemonDeps, startDaemon } from '../../src/sync/daemon.ts'
import { createSchedule } from '../../src/sync/schedule.ts'
import type { TickReport } from '../../src/sync/tick.ts'
import { openStage, rowsOf, runsOf, type Stage, storedAnswers } from '../helpers/tick.ts'

const EVERY_SECOND = '* * * * * *'
/** Not within this test. */
const NEVER = '0 0 29 2 *'
const WAIT = { timeout: 15_000 }

function start(stage: Stage, pattern = EVERY_SECOND, more: Partial<DaemonDeps> = {}) {
  const stop = new AbortController()
  const reports: TickReport[] = []
  const daemon: Daemon = startDaemon(
    { ...stage.deps, pattern, onTick: (report) => reports.push(report), ...more },
    stop.signal,
  )
  const end = async () => {
    stop.abort(new Error('stopped'))
    await daemon.stop()
  }
  onTestFinished(end)
  return { daemon, reports, end }
}

describe('the daemon', () => {
  test('ticks at once, then at the instants of the schedule, and ends when it is told to', async () => {
    const stage = await openStage()
    const { daemon, reports, end } = start(stage)
    await daemon.firstTick
    expect(reports).toHaveLength(1)
    await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(3), WAIT)
    await end()
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    const [first, ...others] = await rowsOf(
      stage.witness,
      `select trigger, scheduled_at, scheduled_at = date_trunc('second', scheduled_at) as is_whole
      from sync.runs order by id`,
    )
    expect(first).toMatchObject({ trigger: 'startup', scheduled_at: null })
    for (const run of others) expect(run).toMatchObject({ trigger: 'schedule', is_whole: true })
  })

  test('leaves out what is due while a tick is under way, and goes on after it', async () => {
    const stage = await openStage({ categories: ['a'] })
    const held: (() => void)[] = []
    stage.provider.respond((_, __, give) => held.push(give))
    const { reports, end } = start(stage)
    await vi.waitFor(
      () => expect(stage.logged.filter((line) => line.includes('left out')).length).toBeGreaterThan(1),
      WAIT,
    )
    expect(stage.provider.asked).toHaveLength(1)
    stage.provider.respond(undefined)
    held[0]!()
    await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(2), WAIT)
    await end()
    expect((await runsOf(stage.witness)).filter(({ status }) => status === 'running')).toEqual([])
  })

  test('goes on after a tick that went wrong', async () => {
    const stage = await openStage()
    let failures = 0
    const prepare = async () => {
      failures += 1
      if (failures < 3) throw new UsageError('not yet')
    }
    const { reports } = start(stage.with({ prepare }))
    await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(1), WAIT)
    expect(stage.logged.filter((line) => line === 'error Tick failed: not yet.')).toHaveLength(2)
  })

  test('stores what waits as soon as the database is back, long before the next tick', async () => {
    const stage = await openStage()
    stage.proxy.cut()
    const late: number[] = []
    const { daemon, reports, end } = start(stage, NEVER, { onLate: ({ stored }) => late.push(stored) })
    await daemon.firstTick
    expect(reports).toMatchObject([{ stored: 0, waiting: true }])
    stage.proxy.restore()
    await vi.waitFor(
      async () => expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served),
      WAIT,
    )
    await vi.waitFor(async () => expect(await stage.spool.list()).toEqual([]), WAIT)
    expect(stage.provider.served).toHaveLength(3)
    expect(late).toEqual([3])
    expect((await runsOf(stage.witness)).map(({ trigger }) => trigger)).toEqual(['startup', 'replay'])
    await end()
    expect(await stage.tick()).toMatchObject({ stored: 3, late: 0 }) // its turn was given back
  })

  test('stores what waits also where every tick is run by another process', async () => {
    const stage = await openStage()
    stage.proxy.cut()
    const due: string[] = []
    const { daemon, reports } = start(stage, EVERY_SECOND, { onDue: (outcome) => due.push(outcome) })
    await daemon.firstTick
    await stage.witness.pool.query(
      `insert into store.run (key, account, trigger, scheduled_at, started_at, finished_at, status)
      select gen_random_uuid(), 'default', 'schedule', date_trunc('second', now()) + n * interval '1 second',
        now(), now(), 'ok'
      from generate_series(-1, 60) n`,
    )
    stage.proxy.restore()
    await vi.waitFor(() => expect(due).toContain('elsewhere'), WAIT)
    const own = reports.length
    const expectAllStored = async () =>
      expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    await vi.waitFor(expectAllStored, WAIT)
    expect(reports).toHaveLength(own)
  })

  test('stores what waits after a tick that found the spool full', async () => {
    const stage = await openStage({ spoolLimitBytes: 500 })
    stage.proxy.cut()
    await stage.tick()
    const due: string[] = []
    const waiting: boolean[] = []
    const { daemon } = start(stage, NEVER, {
      onDue: (outcome) => due.push(outcome),
      onWaiting: (is) => waiting.push(is),
    })
    await daemon.firstTick
    expect(due).toEqual(['error'])
    stage.proxy.restore()
    await vi.waitFor(async () => expect(await stage.spool.list()).toEqual([]), WAIT)
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    await vi.waitFor(() => expect(waiting).toEqual([false]), WAIT)
  })

  test('says of a database that is away two lines a tick, and nothing while it tries again in between', async () => {
    const stage = await openStage()
    const lines = () => stage.logged.filter((line) => !/^(trace|debug) /.test(line)).length
    stage.proxy.cut()
    let tries = 0
    const prepare = () => {
      tries += 1
      return stage.deps.prepare()
    }
    const once = start(stage.with({ prepare }), NEVER)
    await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(3), WAIT) // one is the tick's
    expect(lines()).toBe(2)
    await once.end()
    let due = 1
    let surplus = Number.NEGATIVE_INFINITY
    const { reports } = start(stage, EVERY_SECOND, {
      onDue: () => (due += 1),
      onWaiting: () => (surplus = Math.max(surplus, lines() - 2 * due)),
    })
    await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(3), WAIT)
    expect(surplus).toBeLessThanOrEqual(0) // less where an instant was left out, which is one line
    expect(surplus).toBeGreaterThan(Number.NEGATIVE_INFINITY)
  })

  test('leaves what waits to the next tick, and stops while the database is away', async () => {
    const stage = await openStage({ silenceMs: 60_000 })
    stage.proxy.cut()
    const { reports, end } = start(stage)
    await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(2), WAIT)
    stage.proxy.restore()
    await vi.waitFor(() => expect(reports.at(-1)).toMatchObject({ waiting: false }), WAIT)
    stage.proxy.cut()
    await vi.waitFor(() => expect(reports.at(-1)).toMatchObject({ waiting: true }), WAIT)
    stage.proxy.freeze()
    await end()
    stage.proxy.restore()
    expect(await stage.tick()).toMatchObject({ status: 'ok', waiting: false })
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
  })

  test('of which two share a database and a schedule: each instant is run once, and neither stands still', async () => {
    const stage = await openStage()
    const one = start(stage)
    const other = start(stage)
    await vi.waitFor(async () => {
      const scheduled = (await runsOf(stage.witness)).filter(({ trigger }) => trigger === 'schedule')
      expect(scheduled.length).toBeGreaterThanOrEqual(3)
    }, WAIT)
    expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3 }) // by hand, meanwhile
    await Promise.all([one.end(), other.end()])
    const [twice] = await rowsOf(
      stage.witness,
      'select count(scheduled_at)::int - count(distinct scheduled_at)::int as twice from sync.runs',
    )
    expect(twice).toEqual({ twice: 0 })
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
  })
})

describe('the schedule', () => {
  const pauses = [
    ['*/5 * * * *', 'Europe/Paris', 5 * 60_000],
    ['*/10 * * * * *', 'Europe/Paris', 10_000],
    ['0 8-18 * * *', 'UTC', 14 * 3_600_000],
    ['0 0 * * 1', 'UTC', 7 * 86_400_000],
  ] as const
  for (const [pattern, timezone, pauseMs] of pauses) {
    test(`${pattern} pauses for ${pauseMs} ms at most`, () => {
      expect(longestPauseMs(pattern, timezone)).toBe(pauseMs)
    })
  }

  test('is one of the reporting zone', () => {
    for (const timezone of ['Asia/Tokyo', 'America/New_York', 'Asia/Kathmandu']) {
      const next = createSchedule('30 12 * * *', timezone, () => {}).nextTickAt()!
      expect(next.toLocaleTimeString('en-GB', { timeZone: timezone })).toBe('12:30:00')
    }
  })
})

test('a tick that is shown to whoever sees the log is not logged a second time', async () => {
  const [shown, logged] = [await openStage(), await openStage()]
  await start(shown, NEVER, { showsTicks: true }).daemon.firstTick
  await start(logged, NEVER).daemon.firstTick
  const told = ({ logged }: Stage) => logged.filter((line) => /^(info|warn) Tick finished/.test(line)).length
  expect([told(shown), told(logged)]).toEqual([0, 1])
})
