// What earlier runs left in the spool: stored once, whatever became of the file and of its process.

import { randomUUIDv7 } from 'node:crypto'
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type SpoolRecord, toLine } from '../../src/spool/records.ts'
import { storeUnkept } from '../../src/sync/storing.ts'
import { acquireLease } from '../../src/warehouse/lease.ts'
import { beginRun } from '../../src/warehouse/runs.ts'
import { openStage, rowsOf, runsOf, type Stage, storedAnswers } from '../helpers/tick.ts'
import { never } from '../primotexto/provider.ts'

const counters = (sent: number) => [sent, ...Array(11).fill(null)]

/** Of an account that nobody asks for any more, unless told otherwise. */
function answer(
  category: string,
  sent: number,
  at = Date.now() - 60_000 + sent,
  account = 'former',
): SpoolRecord {
  return {
    kind: 'answer',
    account,
    category,
    at,
    counters: counters(sent),
    timespent: null,
    extra: null,
  }
}

/** Lays a segment of a process that died into the spool; gives its file. */
function layDown(stage: Stage, records: readonly (SpoolRecord | string)[], key = randomUUIDv7()): string {
  const path = join(stage.spool.folder, `${key}.ndjson`)
  const run: SpoolRecord = {
    kind: 'run',
    key,
    account: null,
    trigger: 'schedule',
    scheduledAt: null,
    startedAt: Date.now() - 60_000,
    categories: 3,
  }
  const text = [run, ...records].map((record) => (typeof record === 'string' ? record : toLine(record)))
  writeFileSync(path, text.join(''))
  return path
}

const longAgo = (path: string) => utimesSync(path, new Date(), new Date(Date.now() - 3_600_000))
const damagedFiles = async (stage: Stage) => stage.logged.filter((line) => line.includes('set aside'))

describe('what a dead process left', () => {
  test('is stored; its run is abandoned; half a line at the end is set aside', async () => {
    const stage = await openStage({ categories: [] })
    const path = layDown(stage, [answer('a', 1), answer('b', 2), toLine(answer('c', 3)).slice(0, -5)])
    longAgo(path)
    expect(await stage.tick()).toMatchObject({ stored: 0, late: 2, waiting: false })
    expect(await storedAnswers(stage.witness)).toEqual(['a 1', 'b 2'])
    expect(await runsOf(stage.witness)).toMatchObject([
      { trigger: 'manual', stored: 0 },
      { trigger: 'schedule', status: 'abandoned', stored: 0, finished: false },
      { trigger: 'replay', status: 'ok', stored: 2, late: 2, finished: true },
    ])
    expect(await stage.spool.list()).toEqual([])
    const [name] = readdirSync(stage.spool.folder).filter((file) => file.startsWith('damaged-'))
    const damaged = join(stage.spool.folder, name!)
    expect(readFileSync(damaged, 'utf8')).toContain('"category":"c"')
    expect(statSync(damaged).mode & 0o777).toBe(0o600)
  })

  test('of which damaged lines are set aside, and the rest goes in', async () => {
    const stage = await openStage({ categories: [] })
    layDown(stage, [
      answer('a', 1),
      'damaged\n',
      answer('b', 2),
      { kind: 'finished', at: Date.now(), status: 'partial', failed: 1 },
    ])
    await stage.tick()
    expect(await storedAnswers(stage.witness)).toEqual(['a 1', 'b 2'])
    expect(await damagedFiles(stage)).toHaveLength(1)
    expect(await runsOf(stage.witness)).toContainEqual(
      expect.objectContaining({ trigger: 'schedule', status: 'partial', failed: 1, finished: true }),
    )
  })

  test('without its first line is stored under a run of its own', async () => {
    const stage = await openStage({ categories: [] })
    const path = layDown(stage, [answer('a', 1)])
    writeFileSync(path, `x${readFileSync(path, 'utf8')}`)
    await stage.tick()
    expect(await storedAnswers(stage.witness)).toEqual(['a 1'])
  })

  test('with failures and rejected answers is stored whole', async () => {
    const stage = await openStage({ categories: [] })
    const of = { account: 'former', at: Date.now() - 1000 }
    layDown(stage, [
      { kind: 'rejected', ...of, category: 'a', reason: 'negative', body: '{"sent":-1}' },
      {
        kind: 'failure',
        ...of,
        category: 'b',
        class: 'server',
        httpStatus: 500,
        apiCode: 1000,
        attempts: 4,
        message: 'HTTP 500',
      },
      { kind: 'finished', at: Date.now(), status: 'failed', failed: 1 },
    ])
    await stage.tick()
    expect(await rowsOf(stage.witness, 'select category, body from sync.rejected')).toEqual([
      { category: 'a', body: '{"sent":-1}' },
    ])
    expect(await rowsOf(stage.witness, 'select category, attempts from sync.failures')).toEqual([
      { category: 'b', attempts: 4 },
    ])
    expect(await runsOf(stage.witness)).toContainEqual(
      expect.objectContaining({ trigger: 'replay', stored: 0, rejected: 1 }),
    )
  })

  test('lies between what is stored: late answers split the deltas as if they had come in time', async () => {
    const stage = await openStage({ categories: ['a'] })
    layDown(stage, [
      answer('a', 10, Date.now() - 3_000, 'default'),
      answer('a', 30, Date.now() - 1_000, 'default'),
    ])
    await stage.tick()
    layDown(stage, [answer('a', 20, Date.now() - 2_000, 'default')])
    stage.provider.respond((_, response) => response.writeHead(400).end())
    await stage.tick()
    const deltas = await rowsOf(stage.witness, 'select sent from sms.deltas order by observed_at limit 2')
    expect(deltas).toEqual([{ sent: 10 }, { sent: 10 }])
  })

  test('which the database refuses is set aside, keeps nobody else out, and is tried again an hour later', async () => {
    const stage = await openStage({ categories: ['x'] })
    for (const name of ['a', 'b', 'c']) layDown(stage, [answer(name.repeat(300), 7)])
    layDown(stage, [answer('good', 7)])
    expect(await stage.tick()).toMatchObject({ stored: 1, late: 1, waiting: false, problem: null })
    const errors = stage.logged.filter((line) => line.startsWith('error'))
    expect(errors).toEqual(Array(3).fill(expect.stringContaining('are set aside')))
    const files = await stage.spool.listSetAside()
    expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(
      expect.arrayContaining(['aaa', 'bbb', 'ccc'].map((name) => expect.stringContaining(name))),
    )
    expect(await stage.tick()).toMatchObject({ late: 0, waiting: false })
    expect(await stage.spool.listSetAside()).toHaveLength(3)
    for (const { path } of files) utimesSync(path, new Date(), new Date(Date.now() - 3_600_001))
    await stage.witness.pool.query('alter table store.category drop constraint category_name_check')
    expect(await stage.tick()).toMatchObject({ late: 3, waiting: false })
    expect(await stage.spool.listSetAside()).toEqual([])
  })

  test('goes on waiting where its turn comes too late, and is stored by the next who has time', async () => {
    const stage = await openStage({ categories: ['x'], silenceMs: 20_000 })
    await stage.tick()
    for (let sent = 1; sent <= 3; sent += 1) layDown(stage, [answer('a', sent)])
    const slow = await stage.witness.pool.connect()
    await slow.query('begin; lock table store.snapshot in share mode') // a reader that keeps writers out
    const ticking = stage.with({ replayGraceMs: 0 }).tick({ trigger: 'startup' })
    const spooled = async () =>
      (await stage.spool.list()).map(({ path }) => readFileSync(path, 'utf8')).join('')
    await vi.waitFor(async () => expect(await spooled()).toContain('"kind":"finished"'), { timeout: 10_000 })
    await slow.query('commit')
    slow.release()
    expect(await ticking).toMatchObject({ stored: 0, waiting: true })
    expect((await stage.spool.list()).length).toBeGreaterThan(1)
    expect(await stage.tick()).toMatchObject({ stored: 1, waiting: false })
    const stored = await storedAnswers(stage.witness)
    expect(stored.toSorted()).toEqual(['a 1', 'a 2', 'a 3', 'x 1', 'x 2', 'x 3'])
  })
})

test('a segment still being written by another process stays, and its rest is stored later', async () => {
  const stage = await openStage({ categories: [] })
  const path = layDown(stage, [answer('a', 1)])
  await stage.tick()
  expect(await stage.spool.list()).toHaveLength(1)
  appendFileSync(path, toLine(answer('b', 2)))
  appendFileSync(path, toLine({ kind: 'finished', at: Date.now(), status: 'ok', failed: 0 }))
  await stage.tick()
  expect(await storedAnswers(stage.witness)).toEqual(['a 1', 'b 2'])
  expect(await stage.spool.list()).toEqual([])
  expect(await runsOf(stage.witness)).toContainEqual(
    expect.objectContaining({ trigger: 'schedule', status: 'ok', finished: true }),
  )
})

test('replayed by two processes at once: once', async () => {
  const stage = await openStage({ categories: [] })
  for (let i = 1; i <= 5; i += 1) layDown(stage, [answer('a', i)])
  await Promise.all([stage.tick(), stage.tick()])
  expect(await storedAnswers(stage.witness)).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'a 5'])
})

describe('the spool', () => {
  test('full, with the database away: nothing is asked, and it says why', async () => {
    const stage = await openStage({ spoolLimitBytes: 2_000 })
    const finished: SpoolRecord = { kind: 'finished', at: Date.now(), status: 'ok', failed: 0 }
    layDown(stage, [answer('a', 1), `${' '.repeat(2_000)}\n`, finished])
    stage.proxy.cut()
    await expect(stage.tick()).rejects.toThrow('The spool is full')
    expect(stage.provider.asked).toEqual([])
    stage.proxy.restore()
    await vi.waitFor(() => expect(stage.deps.warehouse.pool.totalCount).toBe(0))
    // The database takes what waits, of the run that was left out too, and there is room again.
    expect(await stage.tick()).toMatchObject({ stored: 3, late: 1 })
    expect(await runsOf(stage.witness)).toContainEqual(
      expect.objectContaining({ status: 'failed', categories: 3, failed: 3, stored: 0, finished: true }),
    )
  })

  test('gone in the middle of a tick: what arrives goes to the database alone, and asking ends', async () => {
    const stage = await openStage({ categories: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] })
    // Both answers arrive after the folder is gone: one that was kept before would be gone with it.
    let isGone = false
    let giveLater = () => {}
    stage.provider.respond((category, response, give) => {
      if (category === 'd') {
        rmSync(stage.spool.folder, { recursive: true })
        isGone = true
        give()
        giveLater()
      } else if (category !== 'a') response.socket?.setTimeout(0)
      else if (isGone) give()
      else giveLater = give
    })
    await expect(stage.tick()).rejects.toThrow('The spool cannot be written')
    expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
    expect(stage.provider.served).toHaveLength(2)
    expect(await runsOf(stage.witness)).toMatchObject([
      { status: 'partial', stored: 2, failed: 6, finished: true },
    ])
  })
})

test('the row of a run vanishes in its middle: it is written again, and everything is stored', async () => {
  const stage = await openStage()
  stage.provider.respond((category, _response, give) => {
    if (category !== 'b') return give()
    void stage.witness.pool.query('delete from store.run').then(give, give)
  })
  expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3, waiting: false })
  expect(await storedAnswers(stage.witness)).toHaveLength(3)
})

test('what the spool could not take is stored once, also where it is tried twice', async () => {
  const stage = await openStage({ categories: [] })
  const { warehouse, timezone, spool, log, prepare } = stage.deps
  await prepare()
  const lease = (await acquireLease(warehouse, 'a test', { patienceMs: 0, signal: never }))!
  const key = randomUUIDv7()
  const run = { kind: 'run', key, account: null, trigger: 'manual', scheduledAt: null } as const
  await beginRun(warehouse.db, { ...run, startedAt: Date.now(), categories: 3 })
  const records: SpoolRecord[] = [
    answer('a', 1),
    { kind: 'rejected', account: 'former', category: 'b', at: Date.now(), reason: 'rule', body: '{}' },
    { kind: 'finished', at: Date.now(), status: 'partial', failed: 1 },
  ]
  for (const time of [1, 2])
    await storeUnkept({ warehouse, timezone, spool, log, lease }, key, records, ({ stored }) =>
      expect(stored).toBe(time === 1 ? 1 : 0),
    )
  await lease.release()
  expect(await rowsOf(stage.witness, 'select category from sync.rejected')).toEqual([{ category: 'b' }])
  expect(await runsOf(stage.witness)).toMatchObject([
    { status: 'partial', stored: 1, rejected: 1, failed: 1 },
  ])
})

test('a spool folder that vanishes keeps nothing from being stored that is there', async () => {
  const stage = await openStage()
  stage.provider.respond((category, _, give) => {
    if (category === 'a') rmSync(stage.spool.folder, { recursive: true })
    give()
  })
  await expect(stage.tick()).rejects.toThrow('The spool cannot be written')
  expect(stage.logged).not.toContainEqual(expect.stringContaining('The database cannot be used'))
  expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
  expect(await runsOf(stage.witness)).toMatchObject([{ finished: true }])
})
