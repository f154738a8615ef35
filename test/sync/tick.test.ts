// A tick while all is well with the database: what it stores, and what its run says.
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { account, openStage, rowsOf, runsOf, storedAnswers } from '../helpers/tick.ts'
import { answer } from '../primotexto/provider.ts'

const ran = { trigger: 'manual', status: 'ok', categories: 3, stored: 3, failed: 0, rejected: 0, late: 0 }

describe('a tick', () => {
  test('stores every answer as it came, and leaves one run and an empty spool', async () => {
    const stage = await openStage()
    expect(await stage.tick()).toMatchObject({ status: 'ok', categories: 3, stored: 3, waiting: false })
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    expect(await runsOf(stage.witness)).toEqual([{ ...ran, finished: true }])
    expect(await stage.spool.list()).toEqual([])
    const [row] = await rowsOf(
      stage.witness,
      'select account, delivered, submitted, timespent::float8, source from sms.snapshots where sent = 1',
    )
    expect(row).toEqual({ account: 'default', delivered: 1, submitted: null, timespent: 1.5, source: 'api' })
  })

  test('asks for the active categories only, and for those that were chosen', async () => {
    const stage = await openStage()
    await stage.tick()
    await stage.witness.pool.query(`update store.category set state = 'paused' where name = 'b'`)
    await stage.tick()
    await stage.tick({ categories: ['c'] })
    expect(stage.provider.asked.slice(3).sort()).toEqual(['a', 'c', 'c'])
    await expect(stage.tick({ categories: ['b'] })).rejects.toMatchObject({
      exitCode: 2,
      message: 'There is no active category "b".',
    })
    expect(await stage.tick()).toMatchObject({ status: 'ok' }) // the lease was given back at once
  })

  test('without any category is a run all the same', async () => {
    const stage = await openStage({ categories: [] })
    expect(await stage.tick()).toMatchObject({ status: 'ok', categories: 0, waiting: false })
    expect(await runsOf(stage.witness)).toEqual([{ ...ran, categories: 0, stored: 0, finished: true }])
  })
})

describe('failures', () => {
  test('of one category are its own: the rest is stored, the run is partial', async () => {
    const stage = await openStage()
    stage.provider.respond((category, response, give) => {
      if (category !== 'b') return give()
      answer(response, 400, '{"code":45,"message":"Invalid\\u0000 tag"}')
    })
    expect(await stage.tick()).toMatchObject({ status: 'partial', stored: 2, failed: 1 })
    expect(
      await rowsOf(
        stage.witness,
        'select category, class, http_status, api_code, attempts from sync.failures',
      ),
    ).toEqual([{ category: 'b', class: 'category', http_status: 400, api_code: 45, attempts: 1 }])
    expect(await runsOf(stage.witness)).toMatchObject([{ status: 'partial', stored: 2, failed: 1 }])
  })

  test('of the login: one row for the category that saw it, the others are counted', async () => {
    const stage = await openStage({ categories: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] })
    stage.provider.respond((_, response) => answer(response, 401, '{"code":72,"message":"no"}'))
    expect(await stage.tick()).toMatchObject({ status: 'failed', failed: 10, stored: 0 })
    expect(await rowsOf(stage.witness, 'select class from sync.failures')).toEqual([
      { class: 'authentication' },
    ])
    expect(await runsOf(stage.witness)).toMatchObject([{ status: 'failed', failed: 10, finished: true }])
    expect(stage.provider.asked.length).toBeLessThanOrEqual(4) // those under way at once
    expect(stage.logged.filter((line) => line.startsWith('error'))).toHaveLength(1)
  })

  test('of one account are no matter of the other', async () => {
    const stage = await openStage()
    const refused = await openStage()
    refused.provider.respond((_, response) => answer(response, 403, ''))
    const accounts = [...stage.deps.accounts, account('other', ['x', 'y'], refused.provider)]
    expect(await stage.with({ accounts }).tick()).toMatchObject({ status: 'partial', stored: 3, failed: 2 })
  })

  test('of all alike are told a few times, and kept all', async () => {
    const categories = Array.from({ length: 30 }, (_, i) => `category ${i}`)
    const stage = await openStage({ categories })
    stage.provider.respond((_, response) => answer(response, 404, ''))
    await stage.tick()
    expect(stage.logged.filter((line) => line.startsWith('error'))).toHaveLength(3)
    expect(stage.logged.at(-1)).toBe('error More failures of this class: 28. See sync.failures.')
    expect(await rowsOf(stage.witness, 'select count(*)::int from sync.failures')).toEqual([{ count: 30 }])
  })

  test('of a provider that answers nothing any more end the run, and are told in a few lines', async () => {
    const stage = await openStage({ categories: [...Array(30).keys()].map((n) => `c${n}`) })
    await stage.tick()
    stage.provider.respond((_, response) => answer(response, 500, ''))
    expect(await stage.tick()).toMatchObject({ status: 'failed', failed: 30 })
    const lines = stage.logged.filter((line) => /^(warn|error)/.test(line))
    expect(lines.length).toBeLessThanOrEqual(4)
    expect(lines[0]).toContain('HTTP 500')
    expect(lines.at(-1)).toBe('warn The other categories were given up in this run.')
    expect(await rowsOf(stage.witness, 'select failed, status from sync.runs order by id')).toEqual([
      { failed: 0, status: 'ok' },
      { failed: 30, status: 'failed' },
    ])
    stage.provider.respond(undefined)
    expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 30 })
  })

  test('an answer that breaks the rules is kept with its body, and is no success', async () => {
    const stage = await openStage()
    stage.provider.respond((category, response, give) =>
      category === 'b' ? answer(response, 200, '{"sent":-1}') : give(),
    )
    expect(await stage.tick()).toMatchObject({ status: 'partial', stored: 2, failed: 0, rejected: 1 })
    expect(await rowsOf(stage.witness, 'select category, body from sync.rejected')).toEqual([
      { category: 'b', body: '{"sent":-1}' },
    ])
  })
})

describe('the clock', () => {
  test('an answer that is not later than the newest snapshot is rejected, unless it is the same', async () => {
    const stage = await openStage({ categories: ['a'] })
    let sent = 100
    stage.provider.respond((_, response) => answer(response, 200, JSON.stringify({ sent })))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2025-06-01T12:00:00Z') })
    const tickAt = (time: string) => {
      vi.setSystemTime(`2025-06-01T${time}Z`)
      return stage.tick()
    }
    try {
      expect(await tickAt('12:00:00')).toMatchObject({ stored: 1, rejected: 0 })
      expect(await tickAt('12:00:00')).toMatchObject({ stored: 0, rejected: 0 })
      sent = 101
      expect(await tickAt('12:00:00')).toMatchObject({ status: 'failed', stored: 0, rejected: 1 })
      expect(await tickAt('11:59:59')).toMatchObject({ status: 'failed', stored: 0, rejected: 1 })
      expect(await tickAt('12:00:01')).toMatchObject({ stored: 1, rejected: 0 })
    } finally {
      vi.useRealTimers()
    }
    expect(await rowsOf(stage.witness, 'select reason, body from sync.rejected order by run')).toEqual([
      { reason: 'conflict', body: expect.stringContaining('101') },
      { reason: 'clock', body: expect.stringContaining('101') },
    ])
    expect(await storedAnswers(stage.witness)).toEqual(['a 100', 'a 101'])
    const statuses = (await runsOf(stage.witness)).map(({ status }) => status)
    expect(statuses).toEqual(['ok', 'ok', 'failed', 'failed', 'ok'])
  })

  test('a run of which some answers come too early is partial', async () => {
    const stage = await openStage({ categories: ['a', 'b'] })
    await stage.tick({ categories: ['a'] })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    try {
      expect(await stage.tick()).toMatchObject({ status: 'partial', stored: 1, failed: 0, rejected: 1 })
    } finally {
      vi.useRealTimers()
    }
    expect((await runsOf(stage.witness)).map(({ status }) => status)).toEqual(['ok', 'partial'])
  })
})

describe('a stop', () => {
  test('while asking: what has arrived is stored, the rest is not asked, the run says so', async () => {
    const stage = await openStage({ categories: ['a', 'b', 'c', 'd', 'e', 'f'] })
    const stop = new AbortController()
    stage.provider.respond((category, _, give) => {
      if (category === 'a') give()
    })
    const ticking = stage.tick({}, stop.signal)
    await vi.waitFor(async () => expect(await storedAnswers(stage.witness)).toEqual(['a 1']), 30_000)
    stop.abort(new Error('stopped'))
    expect(await ticking).toMatchObject({ status: 'partial', stored: 1, failed: 5, waiting: false })
    expect(await runsOf(stage.witness)).toMatchObject([{ status: 'partial', failed: 5, finished: true }])
    expect(stage.provider.asked).not.toContain('f')
    expect(await rowsOf(stage.witness, 'select * from sync.failures')).toEqual([])
  })

  test('while another process is at it: the tick ends at once', async () => {
    const stage = await openStage()
    await stage.witness.pool.query(
      `insert into store.lease values ('tick', 7, 'somebody', now() + interval '1 hour')`,
    )
    const stop = new AbortController()
    const ticking = stage.tick({}, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(ticking).rejects.toThrow('stopped')
    expect(stage.provider.asked).toEqual([])
  })
})

describe('several processes', () => {
  const instant = { trigger: 'schedule', scheduledAt: Date.parse('2025-06-01T12:00:00Z') } as const

  test('run the tick of an instant once', async () => {
    const stage = await openStage()
    const reports = await Promise.all([stage.tick(instant), stage.tick(instant), stage.tick(instant)])
    expect(reports.filter((report) => report !== null)).toHaveLength(1)
    expect(stage.provider.asked).toHaveLength(3)
    expect(await runsOf(stage.witness)).toMatchObject([{ trigger: 'schedule', stored: 3 }])
  })

  test('with different accounts do not take each other for the same', async () => {
    const stage = await openStage()
    const other = stage.with({ accounts: [account('other', ['x'], stage.provider)] })
    await Promise.all([stage.tick(instant), other.tick(instant)])
    expect(await storedAnswers(stage.witness)).toHaveLength(4)
    expect(await rowsOf(stage.witness, 'select account from sync.runs order by account')).toEqual([
      { account: 'default' },
      { account: 'other' },
    ])
  })

  test('wait for a process that died no longer than its lease', async () => {
    const stage = await openStage()
    await stage.witness.pool.query(
      `insert into store.lease values ('tick', 7, 'somebody', now() + interval '300 milliseconds')`,
    )
    expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3 })
  })

  test('ask also where another one writes for longer than anybody waits', async () => {
    const stage = await openStage()
    await stage.witness.pool.query(
      `insert into store.lease values ('tick', 7, 'somebody', now() + interval '1 hour')`,
    )
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const tickOnePatience = async (request: Parameters<typeof stage.tick>[0]) => {
      const waits = stage.logged.length
      const ticking = stage.tick(request)
      await vi.waitFor(() => {
        vi.advanceTimersByTime(1_000) // until it says that it waits
        expect(stage.logged.slice(waits)).toContainEqual('info Waiting for somebody to finish its tick.')
      }, 30_000)
      vi.advanceTimersByTime(61_000)
      return await ticking
    }
    expect(await tickOnePatience({ trigger: 'startup' })).toMatchObject({ stored: 0, waiting: true })
    expect(stage.provider.asked).toHaveLength(3)
    await stage.witness.pool.query(
      `insert into store.run (key, account, trigger, scheduled_at, started_at, status)
      values (gen_random_uuid(), 'default', 'schedule', $1, now(), 'running')`,
      [new Date(instant.scheduledAt)],
    )
    expect(await tickOnePatience(instant)).toBeNull() // the other one's tick is the tick of that instant
    expect(stage.provider.asked).toHaveLength(3)
    vi.useRealTimers()
    await stage.witness.pool.query('update store.lease set expires_at = now()')
    expect(await stage.tick()).toMatchObject({ stored: 3, late: 3, waiting: false })
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
  })

  test('ask also where another one takes its time with the schema', async () => {
    const stage = await openStage()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const ticking = stage.with({ prepare: () => new Promise(() => {}) }).tick()
    await vi.advanceTimersByTimeAsync(61_000)
    vi.useRealTimers()
    expect(await ticking).toMatchObject({ status: 'ok', stored: 0, waiting: true })
    expect(stage.logged).toContainEqual(
      expect.stringContaining('The schema has not been ready for a minute.'),
    )
  })

  test('can share a pooler in transaction mode: a tick leaves nothing in its sessions', async () => {
    const stage = await openStage()
    await stage.tick()
    const { pool } = stage.deps.warehouse
    const sessions = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()))
    for (const session of sessions) {
      const { rows } =
        await session.query(`select 'statement ' || name as left_behind from pg_prepared_statements
        union all select 'lock' from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`)
      session.release()
      expect(rows).toEqual([])
    }
  })

  test('a run whose process died is marked by the next', async () => {
    const stage = await openStage()
    await stage.witness.pool.query(`insert into store.run (key, trigger, started_at, status)
      values (gen_random_uuid(), 'schedule', now(), 'running')`)
    await stage.tick()
    expect(await runsOf(stage.witness)).toMatchObject([
      { status: 'abandoned', finished: false },
      { status: 'ok', finished: true },
    ])
  })
})
