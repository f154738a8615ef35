// primosync sync as a process of its own: what it stores, what it says, what it ends with.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { install } from '../helpers/installation.ts'
import { rowsOf, runsOf, storedAnswers } from '../helpers/tick.ts'
import { answer } from '../primotexto/provider.ts'

/** https://www.primotexto.com/api/, "Statistiques des SMS (par catégorie)". */
const SAMPLE = {
  sent: 925,
  submitted: 925,
  delivered: 872,
  openers: 114,
  clickers: 178,
  clicks: 145,
  opens: 241,
  replies: 62,
  unsubscribers: 3,
  errors: 31,
  bounced: 28,
  complaint: 3,
  timespent: 18,
}

describe('sync stores', () => {
  test('what the provider answers, field by field', async () => {
    const { run, provider, witness } = await install('codeConfirmation')
    provider.respond((_, response) => answer(response, 200, JSON.stringify(SAMPLE)))
    expect(await run(['sync', '--json'])).toMatchObject({ code: 0 })
    const [row] = await rowsOf(
      witness,
      `select account, category, ${COUNTERS.join(', ')}, timespent::int, extra, source from sms.snapshots`,
    )
    expect(row).toEqual({
      ...SAMPLE,
      account: 'default',
      category: 'codeConfirmation',
      extra: null,
      source: 'api',
    })
  })

  test('under a name of 200 characters with quotes and emoji, verbatim', async () => {
    const name = `'"\`$(x); -- 🎉 é`.padEnd(200, '🎉')
    const { run, provider, witness } = await install('a')
    expect(await run(['category', 'add', name])).toMatchObject({ code: 0 })
    const result = await run(['sync', '--category', name])
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 category in .* 1 stored\n$/) })
    expect(provider.asked).toEqual([name])
    expect(await storedAnswers(witness)).toEqual([`${name} 1`])
  })

  test('what waited while the database was away, once', async () => {
    const { run, provider, witness, proxy } = await install()
    await run(['sync'])
    proxy.cut()
    const away = await run(['sync'])
    expect(away).toMatchObject({ code: 4, stdout: expect.stringContaining('the rest waits in the spool') })
    expect(away.stderr).toContain('The database cannot be used')
    const status = await run(['status'])
    expect(status).toMatchObject({ code: 1, stdout: '' })
    expect(status.stderr).toMatch(
      /^primosync: The database cannot be used: .* The answers of \d runs? wait for it/,
    )
    proxy.restore()
    expect(await run(['sync', '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"late": 3'),
    })
    expect(await storedAnswers(witness)).toEqual(provider.served)
  })

  test('what had arrived when the process was killed', async () => {
    const { start, run, provider, witness, cwd } = await install()
    provider.respond((category, _, give) => {
      if (category !== 'c') give()
    })
    const sync = start(['sync'])
    await vi.waitFor(async () => expect(await storedAnswers(witness)).toHaveLength(2), { timeout: 10_000 })
    sync.child.kill('SIGKILL')
    await sync.result
    provider.respond(undefined)
    await witness.pool.query('update store.lease set expires_at = now()') // half a minute later
    expect(await run(['sync'], { PRIMOSYNC_DATA_DIR: join(cwd, '.primosync') })).toMatchObject({ code: 0 })
    expect(await storedAnswers(witness)).toEqual(provider.served)
    expect(await runsOf(witness)).toMatchObject([
      { status: 'abandoned', stored: 2, finished: false },
      { status: 'ok', stored: 3 },
    ])
  })

  test('what had arrived when it was told to stop', async () => {
    const { start, provider, witness, expectNoSecret } = await install()
    provider.respond((category, _, give) => {
      if (category === 'a') give()
    })
    const sync = start(['sync'])
    await vi.waitFor(async () => expect(await storedAnswers(witness)).toHaveLength(1), { timeout: 10_000 })
    sync.child.kill('SIGTERM')
    const { code, stdout, stderr } = await sync.result
    expectNoSecret(stdout, stderr)
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('1 stored, 2 failed') })
    expect(await runsOf(witness)).toMatchObject([{ status: 'partial', stored: 1, failed: 2, finished: true }])
  })
})

describe('sync ends with', () => {
  test('1 and the reason where the key is refused; the others are not asked', async () => {
    const { run, provider, witness } = await install()
    provider.respond((_, response) => answer(response, 401, '{"code":72,"message":"Authentication failed"}'))
    const { code, stdout, stderr } = await run(['sync'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('0 stored, 3 failed') })
    expect(stderr.match(/code 72: Authentication failed/g)).toHaveLength(1)
    expect(await rowsOf(witness, 'select class from sync.failures')).toEqual([{ class: 'authentication' }])
  })

  test('3 where a part failed', async () => {
    const { run, provider } = await install()
    provider.respond((category, response, give) =>
      category === 'b' ? answer(response, 400, '{"code":45,"message":"Invalid tag"}') : give(),
    )
    expect(await run(['sync'])).toMatchObject({ code: 3, stderr: expect.stringContaining('Invalid tag') })
  })

  test('4 where the database refuses the login', async () => {
    const { run, proxy } = await install()
    const url = new URL(proxy.url)
    url.pathname = '/no_such_database'
    const { code, stderr } = await run(['sync'], { DATABASE_URL: url.href })
    expect(code).toBe(4)
    expect(stderr).toContain('does not exist')
  })

  test('4 where the password is missing, in words', async () => {
    const { run, proxy } = await install()
    const url = new URL(proxy.url)
    url.password = ''
    expect(await run(['sync'], { DATABASE_URL: url.href })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('The database asks for a password, and no password was given.'),
    })
  })

  test('1 where nothing can be kept, before anything is asked', async () => {
    const { run, cwd, provider } = await install()
    // A folder that is read-only keeps everybody out but root.
    const dataDir = join(cwd, 'read-only')
    mkdirSync(dataDir)
    chmodSync(dataDir, 0o500)
    writeFileSync(join(cwd, 'file'), '')
    const { code, stdout, stderr } = await run(['sync'], {
      LOG_LEVEL: 'info',
      PRIMOSYNC_DATA_DIR: process.getuid?.() === 0 ? join(cwd, 'file', 'data') : dataDir,
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^primosync: The data folder cannot be written: .*\nhint: .*PRIMOSYNC_DATA_DIR.*\n$/,
    )
    expect(provider.asked).toEqual([])
  })

  test('2 and one message for what is wrong in settings or options, before anything is asked', async () => {
    const { run, witness, provider } = await install()
    await witness.pool.query(`insert into store.reporting (timezone, rules) values ('Europe/Paris', 1)`)
    await Promise.all(
      (
        [
          [[], { SYNC_CRON: '* * * * *' }, 'SYNC_CRON'],
          [[], { SYNC_SCHEDULE: '61 * * * *' }, 'SYNC_SCHEDULE cannot be "61 * * * *"'],
          [['--account', 'x'], {}, 'There is no account "x"'],
          [['--category', 'x'], {}, 'There is no active category "x"'],
          [[], { REPORTING_TIMEZONE: 'Asia/Tokyo' }, 'keeps its days in Europe/Paris'],
        ] as const
      ).map(async ([args, env, message]) => {
        const { code, stdout, stderr } = await run(['sync', ...args], { LOG_LEVEL: 'info', ...env })
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
        expect(stderr).toContain(message)
        expect(stderr.match(/^primosync: /gm)).toHaveLength(1)
      }),
    )
    expect(provider.asked).toEqual([])
  })
})

test('sync says that the key was refused, and what to do', async () => {
  const { run, provider } = await install('a,b')
  provider.respond((_, response) => answer(response, 401, ''))
  const { code, stdout } = await run(['sync'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/The provider refused the API key of the account default\. Check the API key/)
  expect(JSON.parse((await run(['sync', '--json'])).stdout)).toMatchObject({ refused_accounts: ['default'] })
})
