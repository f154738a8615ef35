// primosync start as a process of its own: from the first line to the last.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Warehouse } from '../../src/warehouse/pool.ts'
import { runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { install } from '../helpers/installation.ts'
import { runsOf, storedAnswers } from '../helpers/tick.ts'

const WAIT = { timeout: 20_000 }

async function readJson(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

/** How many snapshots there are, for who takes the line that was printed; libpq reads the password file itself. */
async function countSnapshots(psqlUrl: string): Promise<number> {
  const url = new URL(psqlUrl)
  const passFile = readFileSync(url.searchParams.get('passfile')!, 'utf8').split('\n')
  url.password = passFile
    .find((line) => line.includes(`:${url.username}:`))!
    .split(':')
    .at(-1)!
  url.search = ''
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return (await client.query('select count(*)::int from sms.snapshots')).rows[0].count
  } finally {
    await client.end()
  }
}

describe('start without any setting', () => {
  test('shows stored snapshots and how to reach them, stops cleanly, and goes on at the next start', async () => {
    const cwd = temporaryFolder()
    const env = { HTTP_PORT: '0' }
    const first = startCli(['start'], { cwd, env })
    const [, psqlUrl] = await first.output(/database +psql "(.*)"/)
    const [, readyUrl] = await first.output(/health +(http:.*\/readyz)/)
    await first.output(/demo data: 12 categories in .* 12 stored\n/)
    await first.output(/next tick +in/)
    expect(await readJson(readyUrl!)).toMatchObject({ status: 200, body: { ready: true } })
    const before = await countSnapshots(psqlUrl!)
    expect(before).toBeGreaterThan(1_000)
    const second = await runCli(['start'], { cwd, env })
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^primosync: .*\nhint: .*\n$/) })
    first.child.kill('SIGTERM')
    const { code, stdout } = await first.result
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^DEMO DATA/) })
    expect(existsSync(join(cwd, '.primosync', 'demo', 'postgres', 'postmaster.pid'))).toBe(false)

    const next = startCli(['start'], { cwd, env })
    // the port may be another one: it was free for anybody in between
    const [, nextPsqlUrl] = await next.output(/database +psql "(.*)"/)
    await next.output(/demo data: 12 categories in .* 12 stored\n/)
    expect(await countSnapshots(nextPsqlUrl!)).toBe(before + 12)
    next.child.kill('SIGINT')
    expect(await next.result).toMatchObject({ code: 0, stdout: expect.not.stringContaining('history') })
  }, 120_000)

  test('with its port taken ends with one message, and leaves no database server behind', async () => {
    const cwd = temporaryFolder()
    const port = await takenPort()
    const { code, stderr } = await runCli(['start'], { cwd, env: { HTTP_PORT: port } })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(
        `^primosync: The HTTP server cannot listen on 127.0.0.1:${port}: .*\nhint: Set HTTP_PORT.*\n$`,
      ),
    )
    expect(existsSync(join(cwd, '.primosync', 'demo', 'postgres', 'postmaster.pid'))).toBe(false)
  })
})

/** For the sessions that begin from now on; those that there are end. */
async function setReadOnly({ pool }: Warehouse, is: 'on' | 'off'): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('set default_transaction_read_only = off')
    await client.query(`do $$ begin
      execute format('alter database %I set default_transaction_read_only = ${is}', current_database()); end $$`)
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`)
  } finally {
    client.release(true)
  }
}

describe('start with a key and a database', () => {
  test('starts, asks and keeps while the database is away, and stores when it is back', async () => {
    const { start, provider, proxy, witness, expectNoSecret } = await install()
    proxy.cut()
    const daemon = start(['start'], { SYNC_SCHEDULE: '* * * * * *' })
    const [, url] = await daemon.output(/health +(http:.*)\/readyz/)
    await vi.waitFor(() => expect(provider.served.length).toBeGreaterThanOrEqual(6), WAIT)
    const { status, body } = await readJson(`${url}/readyz`)
    expect({ status, body }).toMatchObject({
      status: 503,
      body: {
        ready: false,
        checks: { database: { ok: false, message: expect.stringContaining('cannot be used') } },
      },
    })
    expect(await readJson(`${url}/healthz`)).toMatchObject({ status: 200 })
    expect(await storedAnswers(witness)).toEqual([])
    proxy.restore()
    await vi.waitFor(
      async () => expect((await storedAnswers(witness)).length).toBeGreaterThanOrEqual(9),
      WAIT,
    )
    const isReady = async () => (await readJson(`${url}/readyz`)).status === 200
    await vi.waitFor(async () => expect(await isReady()).toBe(true), WAIT)

    // there for whoever reads, but not for what has to be stored
    await setReadOnly(witness, 'on')
    await vi.waitFor(async () => {
      const answered = await readJson(`${url}/readyz`)
      expect(answered.status).toBe(503)
      expect(answered.body.checks).toMatchObject({
        database: { ok: true },
        spool: { ok: false, message: expect.stringMatching(/holds the answers of .* not stored yet/) },
      })
    }, WAIT)
    await setReadOnly(witness, 'off')
    await vi.waitFor(async () => expect(await isReady()).toBe(true), WAIT)
    daemon.child.kill('SIGTERM')
    const { code, stdout, stderr } = await daemon.result
    expect(code).toBe(0)
    expectNoSecret(stdout, stderr)
    expect(await storedAnswers(witness)).toEqual(provider.served)
    expect((await runsOf(witness)).filter(({ status }) => status !== 'ok')).toEqual([])
  })

  test('told to stop in the middle of a tick, it stores what has arrived', async () => {
    const { start, provider, witness } = await install()
    provider.respond((category, _, give) => {
      if (category === 'b') give()
    })
    const daemon = start(['start'])
    await vi.waitFor(() => expect(provider.asked).toHaveLength(3), WAIT)
    daemon.child.kill('SIGINT')
    expect(await daemon.result).toMatchObject({ code: 0 })
    expect(await storedAnswers(witness)).toEqual(provider.served)
    expect(await runsOf(witness)).toMatchObject([{ trigger: 'startup', status: 'partial', finished: true }])
  })

  test('told to stop while the database says nothing, it ends all the same', async () => {
    const { start, provider, proxy } = await install()
    proxy.freeze()
    const daemon = start(['start'])
    const [, url] = await daemon.output(/health +(http:.*)/)
    expect(await readJson(url!)).toMatchObject({
      status: 503,
      body: { checks: { database: { ok: false, message: expect.stringContaining('no answer within') } } },
    })
    daemon.child.kill('SIGTERM')
    expect(await daemon.result).toMatchObject({ code: 0 })
    expect(provider.asked).toEqual([])
  })

  test('with another reporting zone than the warehouse, it does not start', async () => {
    const { run, witness } = await install()
    await witness.pool.query(`insert into store.reporting (timezone, rules) values ('Europe/Paris', 1)`)
    const { code, stderr } = await run(['start'], { REPORTING_TIMEZONE: 'Asia/Tokyo', LOG_LEVEL: 'info' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^primosync: REPORTING_TIMEZONE is Asia\/Tokyo.*\nhint: .*\n$/)
  })
})

test('with --json each line on stdout is a document', async () => {
  const { start } = await install('a')
  const daemon = start(['start', '--json'])
  await daemon.output(/"event":"tick".*\n/)
  daemon.child.kill('SIGTERM')
  const { code, stdout } = await daemon.result
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(0)
  expect(events).toEqual([
    expect.objectContaining({ event: 'started', dashboard: expect.stringMatching(/^http:/) }),
    expect.objectContaining({ event: 'tick', status: 'ok', stored: 1 }),
  ])
})

describe('the embedded PostgreSQL ends with the program', () => {
  const isRunning = (cwd: string) => existsSync(join(cwd, '.primosync/demo/postgres/postmaster.pid'))

  test.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('when a command is ended by %s', async (signal) => {
    const cwd = temporaryFolder()
    const { child, result } = startCli(['start'], { cwd, env: { HTTP_PORT: '0' } })
    await vi.waitFor(() => expect(isRunning(cwd)).toBe(true), WAIT)
    child.kill(signal)
    await result
    expect(isRunning(cwd)).toBe(false)
  })

  test('when the reader of its output is gone', async () => {
    const cwd = temporaryFolder()
    const { child, result } = startCli(['category', 'list'], { cwd })
    child.stdout.destroy()
    expect(await result).toMatchObject({ code: 0, stderr: '' })
    expect(isRunning(cwd)).toBe(false)
  })

  test('when the npm that started it was killed', async () => {
    const cwd = temporaryFolder()
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    const npm = spawn(
      process.execPath,
      [
        '--eval',
        `require('node:child_process').spawn(process.execPath, [${JSON.stringify(main)}, 'start'], { stdio: 'ignore' }); setInterval(() => {}, 1000)`,
      ],
      { cwd, env: { PATH: process.env.PATH, HTTP_PORT: '0', npm_lifecycle_event: 'start' } },
    )
    await vi.waitFor(() => expect(isRunning(cwd)).toBe(true), WAIT)
    npm.kill('SIGKILL')
    await vi.waitFor(() => expect(isRunning(cwd)).toBe(false), WAIT)
  })
})
