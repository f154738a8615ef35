// The database goes away, at any point and in any way: what was answered is stored exactly once all the same.
import { describe, expect, inject, test, vi } from 'vitest'
import { asAdmin } from '../helpers/test-server.ts'
import { openStage, rowsOf, runsOf, type Stage, storedAnswers } from '../helpers/tick.ts'

/** Ticks once more, and finds everything that was ever served, once. */
async function expectNothingLost(stage: Stage): Promise<void> {
  stage.proxy.restore()
  expect(await stage.tick()).toMatchObject({ status: 'ok', waiting: false })
  expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
  expect(await stage.spool.list()).toEqual([])
  const [sums] = await rowsOf(
    stage.witness,
    `select (select sum(stored)::int from sync.runs) as stored, (select count(*)::int from sms.snapshots) as snapshots,
      (select count(*)::int from sync.runs where status = 'running') as running,
      (select count(*)::int from sms.snapshots s join sync.runs r on r.id = s.run_id
        where r.trigger = 'replay') as of_replays`,
  )
  expect(sums).toEqual({ stored: sums!.snapshots, snapshots: sums!.snapshots, running: 0, of_replays: 0 })
}

describe('the database away', () => {
  test('from the start: what is asked waits, and the next tick stores it first', async () => {
    const stage = await openStage()
    stage.proxy.cut()
    expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 0, failed: 0, waiting: true })
    expect(await stage.tick()).toMatchObject({ stored: 0, waiting: true })
    expect(await stage.spool.list()).toHaveLength(2)
    stage.proxy.restore()
    expect(await stage.tick()).toMatchObject({ stored: 3, late: 6, waiting: false })
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    const asked = { trigger: 'manual', status: 'ok', categories: 3, failed: 0, rejected: 0, finished: true }
    const runs = await runsOf(stage.witness)
    expect(runs).toHaveLength(4)
    expect(runs).toEqual(
      expect.arrayContaining([
        { ...asked, stored: 0, late: 0 },
        { ...asked, stored: 3, late: 0 },
        { ...asked, trigger: 'replay', categories: 0, stored: 6, late: 6 },
      ]),
    )
    await expectNothingLost(stage)
  })

  test('between any two statements', async () => {
    const stage = await openStage()
    await stage.tick()
    let packets = 1 // as many as a tick sends to the database; three of them are about a statement
    for (; ; packets += 3) {
      stage.proxy.restore()
      stage.proxy.cutAfter(packets)
      await stage.tick()
      if (!stage.proxy.isCut) break
    }
    expect(packets).toBeGreaterThan(20)
    await expectNothingLost(stage)
  })

  test('between any two statements of a replay', async () => {
    const stage = await openStage()
    await stage.tick()
    for (let packets = 2; ; packets += 5) {
      stage.proxy.cut()
      await stage.tick()
      stage.proxy.restore()
      stage.proxy.cutAfter(packets)
      await stage.tick()
      if (!stage.proxy.isCut) break
    }
    await expectNothingLost(stage)
  })

  for (const before of ['packet', 'answer'] as const) {
    test(`for a moment, before any ${before} of a replay: the report tells what is stored and whether something waits`, async () => {
      const stage = await openStage()
      await stage.tick()
      for (let packets = 2; ; packets += 4) {
        stage.proxy.cut()
        await stage.tick()
        stage.proxy.restore()
        const hasBroken = stage.proxy.breakAfter(packets, before)
        const storedBefore = (await storedAnswers(stage.witness)).length
        const report = await stage.tick()
        expect({ packets, ...report }).toMatchObject({
          packets,
          waiting: (await stage.spool.list()).length > 0,
          stored: (await storedAnswers(stage.witness)).length - storedBefore - report!.late,
        })
        if (!hasBroken()) break
      }
      await expectNothingLost(stage)
    })
  }

  test('silent for ever, on old connections and new: the tick ends', async () => {
    const stage = await openStage({ silenceMs: 300 })
    await stage.tick()
    stage.proxy.freeze()
    expect(await stage.tick()).toMatchObject({ status: 'ok', waiting: true })
    await expectNothingLost(stage)
  })

  test('silent in the middle of a tick', async () => {
    const stage = await openStage({ silenceMs: 300 })
    await stage.tick()
    stage.provider.respond((category, _, give) => {
      if (category === 'b') stage.proxy.freeze()
      give()
    })
    expect(await stage.tick()).toMatchObject({ status: 'ok', waiting: true })
    stage.provider.respond(undefined)
    await expectNothingLost(stage)
  })

  test('for a moment: connections closed by an administrator', async () => {
    const stage = await openStage()
    await stage.tick()
    stage.provider.respond(async (category, _, give) => {
      if (category === 'b') {
        await stage.witness.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`)
      }
      give()
    })
    expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3, waiting: false })
    stage.provider.respond(undefined)
    await expectNothingLost(stage)
  })

  test('read-only', async () => {
    const stage = await openStage()
    const administrator = await stage.witness.pool.connect()
    const setReadOnly = (is: 'on' | 'off') =>
      administrator.query(`do $$ begin
        execute format('alter database %I set default_transaction_read_only = ${is}', current_database()); end $$`)
    await setReadOnly('on')
    expect(await stage.tick()).toMatchObject({ stored: 0, waiting: true })
    await setReadOnly('off')
    administrator.release()
    stage.proxy.cut() // a session keeps the default that it began with
    await vi.waitFor(() => expect(stage.deps.warehouse.pool.totalCount).toBe(0))
    await expectNothingLost(stage)
  })

  test('closed to new connections by an administrator', async () => {
    const stage = await openStage()
    const [database] = await rowsOf(stage.witness, 'select current_database() as name')
    const allowConnections = (is: boolean) =>
      asAdmin(inject('testServer').adminUrl, (admin) =>
        admin.query(`alter database ${database!.name} allow_connections ${is}`),
      )
    await allowConnections(false)
    expect(await stage.tick()).toMatchObject({ stored: 0, waiting: true })
    await allowConnections(true)
    await expectNothingLost(stage)
  })

  test('locked by somebody else', async () => {
    const stage = await openStage({ silenceMs: 300 })
    await stage.tick()
    const other = await stage.witness.pool.connect()
    await other.query('begin; lock table store.walk')
    expect(await stage.tick()).toMatchObject({ stored: 0, waiting: true })
    await other.query('rollback')
    other.release()
    await expectNothingLost(stage)
  })

  test('what is paused is not asked, what the settings list since is', async () => {
    const stage = await openStage()
    await stage.tick()
    await stage.witness.pool.query(`update store.category set state = 'paused' where name = 'b'`)
    await stage.tick()
    stage.proxy.cut()
    const [only] = stage.deps.accounts
    const accounts = [{ ...only!, categories: ['a', 'b', 'c', 'new'] }]
    expect(await stage.with({ accounts }).tick()).toMatchObject({ categories: 3, waiting: true })
    expect(stage.provider.asked.slice(5).sort()).toEqual(['a', 'c', 'new'])
    await expectNothingLost(stage)
  })
})

describe('the lease', () => {
  test('lost in the middle of a tick: nothing is written any more, the next turn stores it', async () => {
    const stage = await openStage()
    stage.provider.respond(async (category, _, give) => {
      if (category === 'b') await stage.witness.pool.query('update store.lease set token = token + 1')
      give()
    })
    expect(await stage.tick()).toMatchObject({ waiting: true })
    expect(stage.logged).toContainEqual(expect.stringContaining('took the lease while this one was paused'))
    stage.provider.respond(undefined)
    await stage.witness.pool.query('update store.lease set expires_at = now()')
    await expectNothingLost(stage)
  })

  test('is given back also when the tick goes wrong', async () => {
    const stage = await openStage()
    await expect(stage.tick({ categories: ['nothing'] })).rejects.toThrow('no active category')
    const [lease] = await rowsOf(
      stage.witness,
      'select expires_at <= clock_timestamp() as is_free from store.lease',
    )
    expect(lease).toEqual({ is_free: true })
  })
})

describe('a stop while the database is silent', () => {
  test('waits no longer for it, and what has arrived waits in the spool', async () => {
    const stage = await openStage({ silenceMs: 60_000 })
    await stage.tick()
    const stop = new AbortController()
    stage.provider.respond((category, _, give) => {
      if (category === 'c') return
      stage.proxy.freeze()
      give()
    })
    const ticking = stage.tick({}, stop.signal)
    await vi.waitFor(() => expect(stage.provider.served).toHaveLength(5))
    await vi.waitFor(async () => {
      const [segment] = await stage.spool.list()
      expect(segment!.bytes).toBeGreaterThan(500) // the run and two answers
    })
    stop.abort(new Error('stopped'))
    expect(await ticking).toMatchObject({ status: 'partial', failed: 1, waiting: true })
    stage.provider.respond(undefined)
    await stage.witness.pool.query('update store.lease set expires_at = now()')
    await expectNothingLost(stage)
  })
})
