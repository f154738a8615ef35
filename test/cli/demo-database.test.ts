// Demo data live in a database of their own, whatever the order of commands; those that are among real ones go out.
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { pino } from 'pino'
import { expect, inject, test } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { createOutput } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { demoDatabaseOf, demoNameOf } from '../../src/config/demo-url.ts'
import { loadConfig } from '../../src/config/load.ts'
import { databaseOf } from '../../src/postgres-url.ts'
import { folderForFile } from '../helpers/cli.ts'
import { startCountingProvider } from '../helpers/counting-provider.ts'
import { uniqueName } from '../helpers/database.ts'
import { asAdmin, urlOf } from '../helpers/test-server.ts'
import { decideLine, type Line, recordLines, withWarehouse } from '../helpers/warehouse.ts'

const cwd = folderForFile()

/** Runs a command in this process. Resolves to what it printed with --json. */
async function run(words: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  const stdout = new PassThrough()
  const program = buildProgram(commands, async (action, options, args) => {
    const config = loadConfig({ env, cwd, configPath: undefined })
    const output = createOutput(stdout as unknown as NodeJS.WriteStream, {})
    await action
      .run({ config, options, args, output, log: pino({ level: 'silent' }) })
      .finally(() => stdout.end())
  })
  const [printed] = await Promise.all([
    text(stdout),
    program.parseAsync([...words.split(' '), '--json'], { from: 'user' }),
  ])
  return JSON.parse(printed)
}

/** An empty database, owned by the usual owner, who may not create others; `mayCreate`: by one who may. */
async function emptyDatabase({ mayCreate }: { mayCreate: boolean }): Promise<{ name: string; url: string }> {
  const { adminUrl, owner, ownerPassword } = inject('testServer')
  const name = uniqueName()
  const role = mayCreate ? `${name}_role` : owner
  await asAdmin(adminUrl, async (admin) => {
    if (mayCreate) await admin.query(`create role ${role} login createdb password '${ownerPassword}'`)
    await admin.query(`grant ${role} to current_user`)
    await admin.query(`create database ${name} owner ${role} template template0 encoding 'UTF8'`)
  })
  return { name, url: urlOf(adminUrl, name, { name: role, password: ownerPassword }) }
}

async function rowsIn(url: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(query)).rows
  } finally {
    await client.end()
  }
}

const SCHEMAS = `select nspname from pg_namespace where nspname in ('store', 'sms', 'sync', 'store_migrations')`
const databases = (name: string) => `select datname from pg_database where datname like '${name}%' order by 1`

test('without a key the named database stays as it is, and with one it begins clean', async () => {
  const { name, url } = await emptyDatabase({ mayCreate: true })
  const provider = await startCountingProvider()
  const keyless = { DATABASE_URL: url, LOG_LEVEL: 'fatal' }
  const keyed = {
    ...keyless,
    PRIMOTEXTO_API_KEY: 'k',
    PRIMOTEXTO_BASE_URL: provider.baseUrl,
    PRIMOTEXTO_CATEGORIES: 'a',
  }
  expect(await run('sync', keyless)).toMatchObject({ status: 'ok', stored: 12 })
  expect(await rowsIn(url, databases(name))).toEqual([{ datname: name }, { datname: `${name}_demo` }])
  expect(await run('status', keyless)).toMatchObject({ demo: true, last_run: { stored: 12 } })
  expect(await rowsIn(url, SCHEMAS)).toEqual([])

  expect(await run('sync', keyed)).toMatchObject({ status: 'ok', stored: 1 })
  expect(await rowsIn(url, 'select account from sms.accounts')).toEqual([{ account: 'default' }])
  expect(await run('sync', keyless)).toMatchObject({ status: 'ok', stored: 12 })
  expect(await rowsIn(url, 'select account from sms.accounts')).toEqual([{ account: 'default' }])
  // the forgotten key shows no made-up numbers either
  expect(await run('status', keyless)).toMatchObject({ demo: false, categories: [{ account: 'default' }] })
  expect(await run('category add b', keyless)).toMatchObject([{ account: 'default', category: 'b' }])
}, 30_000)

test('where it may not be created the demo does not start, says why, and touches nothing', async () => {
  const { name, url } = await emptyDatabase({ mayCreate: false })
  for (const command of ['sync', 'start'])
    await expect(
      run(command, { DATABASE_URL: url, HTTP_PORT: '0', LOG_LEVEL: 'fatal' }),
    ).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`may not create "${name}_demo"`)),
      hint: expect.stringMatching(/PRIMOTEXTO_API_KEY.*administrator.*DATABASE_URL/),
    })
  expect(await rowsIn(url, databases(name))).toEqual([{ datname: name }])
  expect(await rowsIn(url, SCHEMAS)).toEqual([])
})

test.each([
  [
    'postgres://me:p%40ss@h1:1,h2:2/sms?sslmode=disable',
    'postgres://me:p%40ss@h1:1,h2:2/sms_demo?sslmode=disable',
  ],
  ['postgres://me@/a%2Fb?host=/run', 'postgres://me@/a%2Fb_demo?host=/run'],
  ['postgres://me:x@h', 'postgres://me:x@h/me_demo'],
  ['postgres:///?host=/run&user=me', 'postgres:///me_demo?host=/run&user=me'],
  ['socket:/run?db=sms', 'socket:/run?db=sms_demo'],
  ['/run sms', '/run sms_demo'],
  ['postgres://me@h/sms_demo', 'postgres://me@h/sms_demo'],
])('beside %s: %s', (url, expected) => {
  expect(demoDatabaseOf(url).url).toBe(expected)
  expect(databaseOf(expected)).toBe(demoDatabaseOf(url).name)
})

test('a name beside one of 63 bytes is not cut by PostgreSQL, and no name is no demo', () => {
  expect(demoNameOf('é'.repeat(31))).toBe(`${'é'.repeat(29)}_demo`)
  expect(() => demoDatabaseOf('postgres://h')).toThrow('names no database')
})

test('demo data among real ones are reported, and taken out with a trace; the rest is as it was', () =>
  withWarehouse(async (warehouse) => {
    const lines = (account: string): Line[] =>
      [8, 9, 10].map((hour) => ({
        account,
        category: 'a',
        observed_at: `2026-03-01T${String(hour).padStart(2, '0')}:00:00.000Z`,
        stats: { sent: hour * 100 },
      }))
    const { pool } = warehouse
    await pool.query(
      `insert into store.run (key, account, trigger, started_at, status)
      select gen_random_uuid(), account, 'import', now(), 'ok' from unnest(array[null, 'sandbox']) account`,
    )
    for (const account of ['default', 'sandbox']) await recordLines(warehouse, lines(account))
    for (const account of ['default', 'sandbox'])
      await decideLine(warehouse, {
        account,
        category: 'a',
        observed_at: '2026-03-01T09:00:00Z',
        as: 'reset',
      })
    await pool.query(
      `insert into store.rejected (run_id, category_id, at, reason, body)
      select 2, c.id, now(), 'x', '{}' from store.category c join store.account a on a.id = c.account_id
      where a.name = 'sandbox'`,
    )
    const env = {
      DATABASE_URL: warehouse.url,
      PRIMOTEXTO_API_KEY: 'k',
      PRIMOTEXTO_BASE_URL: 'http://127.0.0.1:1',
      LOG_LEVEL: 'fatal',
    }
    const views = ['sms.deltas', 'sms.trends_hourly', 'sync.decisions', 'sms.categories']
    const state = async () =>
      Promise.all(
        views.map(async (view) => (await pool.query(`select * from ${view} where account = 'default'`)).rows),
      )
    const subjects = async () => {
      const { findings } = await run('doctor', env)
      return (findings as { subject: string; advice: string }[]).filter(
        ({ subject }) => subject === 'demo data',
      )
    }
    expect(await subjects()).toMatchObject([
      { ok: false, advice: expect.stringContaining('npm run -s primosync -- demo remove') },
    ])
    const before = await state()
    const removed = { categories: 1, snapshots: 3, decisions: 1, failures: 0, rejected: 1, runs: 1 }
    expect(await run('demo remove --dry-run', env)).toEqual({ dry_run: true, removed, folder: null })
    expect(await subjects()).toHaveLength(1)
    expect(await run('demo remove', env)).toEqual({ dry_run: false, removed, folder: null })
    expect(await run('demo remove', env)).toMatchObject({ removed: null })
    expect(await subjects()).toEqual([])
    expect(await state()).toEqual(before)
    expect(
      (await pool.query('select account, category, snapshots, kept_from from sync.prunes')).rows,
    ).toEqual([{ account: 'sandbox', category: 'a', snapshots: 3, kept_from: null }])
    expect(await run('verify', env)).toMatchObject({ differences: [], ok: true, categories: 1, pruned: 0 })
    expect((await pool.query('select id from store.run')).rows).toEqual([{ id: 1 }])
    // the guards still hold
    await expect(pool.query('delete from store.decision')).rejects.toThrow('append-only')
    await expect(pool.query(`set primosync.pruning = 'on'; delete from store.decision`)).rejects.toThrow(
      'append-only',
    )
    await expect(pool.query('truncate store.decision')).rejects.toThrow('append-only')
  }))
