// Canaries: secrets that can be recognised, and a search of everything that the program writes for them.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { commands } from '../src/cli/commands/index.ts'
import type { Warehouse } from '../src/warehouse/pool.ts'
import { startCli, temporaryFolder } from './helpers/cli.ts'
import { uniqueName } from './helpers/database.ts'
import { install } from './helpers/installation.ts'
import { asAdmin } from './helpers/test-server.ts'
import { rowsOf } from './helpers/tick.ts'
import { answer } from './primotexto/provider.ts'
import { appOf } from './serve/app.ts'

const KEY = 'CanaryKey/"\\A9f3b7c1d5'
const TOKEN = 'CanaryToken5e8d2c6b0a'
const PASSWORD = 'CanaryPassword7 b/1&c9'
const SECRETS = [KEY, TOKEN, PASSWORD, encodeURIComponent(KEY), encodeURIComponent(PASSWORD)].flatMap(
  (secret) => [secret, JSON.stringify(secret).slice(1, -1)],
)
const WAIT = { timeout: 20_000 }

/** The processes of this machine, with all their arguments. */
async function listProcesses(): Promise<string> {
  return (await promisify(execFile)('ps', ['-ww', '-eo', 'args'])).stdout
}

/** Every address that answers a GET, with a question that all of them understand. */
async function addressesOf(warehouse: Warehouse): Promise<string[]> {
  const app = await appOf(warehouse, { token: () => TOKEN })
  const [rejected] = await rowsOf(warehouse, 'select max(id) as id from store.rejected')
  return app.routes
    .filter(({ method, path }) => method === 'GET' && !path.startsWith('/assets/'))
    .map(({ path }) => `${path.replace(/:id.*/, String(rejected!.id))}?category=a&c=default%2Fa`)
}

/** Another login of the owner of the test databases. */
async function createLogin(password: string): Promise<string> {
  const { adminUrl, owner } = inject('testServer')
  const role = uniqueName()
  await asAdmin(adminUrl, async (admin) => {
    await admin.query(`create role ${role} login createrole password '${password}'`)
    await admin.query(`grant ${owner} to ${role}; alter role ${role} set role ${owner}`)
  })
  return role
}

function expectNoCanary(what: string, text: string): void {
  for (const secret of SECRETS) if (text.includes(secret)) throw new Error(`${what} holds ${secret}`)
}

function expectNoCanaryBelow(folder: string, except: readonly string[] = []): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !except.includes(path)) expectNoCanary(path, readFileSync(path, 'latin1'))
  }
}

test('no command and no fault writes a secret anywhere', async () => {
  const { cwd, provider, proxy, witness } = await install('a,b')
  const reader = uniqueName()
  const role = await createLogin(PASSWORD)
  const url = new URL(proxy.url)
  url.username = role
  url.password = encodeURIComponent(PASSWORD)
  const settings = {
    PRIMOTEXTO_API_KEY: KEY,
    PRIMOTEXTO_BASE_URL: provider.baseUrl,
    PRIMOTEXTO_CATEGORIES: 'a,b',
    DATABASE_URL: url.href,
    HTTP_TOKEN: TOKEN,
    HTTP_PORT: '0',
    LOG_LEVEL: 'trace',
  }
  const run = async (args: readonly string[], env: Record<string, string> = {}, stdin = '') => {
    const running = startCli(args, { cwd, env: { ...settings, ...env }, stdin })
    await running.output(/./).catch(() => {}) // it is well on its way
    expectNoCanary('ps', await listProcesses())
    const { stdout, stderr } = await running.result
    expectNoCanary(args.join(' '), stdout + stderr)
  }
  const runBoth = (args: readonly string[], stdin = '') =>
    Promise.all([run(args, {}, stdin), run([...args, '--json'], {}, stdin)])
  const echo = JSON.stringify({ code: 72, message: `the key ${KEY} is wrong`, [KEY]: KEY })

  // what the API says of the key, first: all the others show it
  for (const [body, status] of [
    [echo, 401],
    [echo, 200],
    [JSON.stringify({ sent: -1, echo: KEY, [KEY]: 1 }), 200],
    [JSON.stringify({ sent: 5, echo: KEY, [KEY]: `Bearer ${KEY}` }), 200],
    [`<html>${KEY}</html>`, 200],
  ] as const) {
    provider.respond((_, response) => answer(response, status, body))
    await run(['sync'])
  }
  provider.respond(undefined)

  // what goes well
  const at = '2025-01-01T00:00:00Z'
  const line = JSON.stringify({ account: 'default', category: 'a', observed_at: at, stats: { sent: 1 } })
  const driven: Record<string, () => Promise<unknown>> = {
    sync: () => runBoth(['sync']),
    status: () => runBoth(['status']),
    trends: () => runBoth(['trends']),
    migrate: () => runBoth(['migrate', '--status']),
    category: () => runBoth(['category', 'add', 'c']),
    import: () => runBoth(['import', '-'], `${line}\n`),
    export: () => runBoth(['export']),
    verify: () => runBoth(['verify']),
    rebuild: () => runBoth(['rebuild']),
    reclassify: () =>
      runBoth(['reclassify', '--category', 'a', '--at', at, '--as', 'dip', '--why', 'a canary']),
    rejudge: () => runBoth(['rejudge']),
    demo: () => runBoth(['demo', 'remove', '--dry-run']),
    grant: () => runBoth(['grant', reader]),
    doctor: () => runBoth(['doctor']),
    async sandbox() {
      const sandbox = startCli(['sandbox', '--port', '0'], { cwd, env: settings })
      await sandbox.output(/http:/)
      sandbox.child.kill('SIGTERM')
      const { stdout, stderr } = await sandbox.result
      expectNoCanary('sandbox', stdout + stderr)
    },
    async start() {
      const env = { ...settings, SYNC_SCHEDULE: '* * * * * *' }
      const daemon = startCli(['start'], { cwd, env })
      const [, address] = await daemon.output(/dashboard +(http:\S+)\//)
      await daemon.output(/[1-9] stored/)
      const processes = await listProcesses()
      expect(processes).toContain('main.js start')
      expectNoCanary('ps', processes)
      const ask = async (path: string, headers: Record<string, string> = {}) => {
        const response = await fetch(`${address}${path}`, { headers })
        const text = await response.text()
        expectNoCanary(path, JSON.stringify([...response.headers]) + text)
        return { status: response.status, text }
      }
      let withAPlace = 0
      for (const path of await addressesOf(witness)) {
        await ask(path)
        const { status, text } = await ask(path, { Authorization: `Bearer ${TOKEN}` })
        expect([path, status]).toEqual([path, 200])
        if (text.includes('[API key]')) withAPlace += 1
      }
      expect(withAPlace).toBeGreaterThan(3)
      await ask('/nowhere')
      proxy.cut()
      await daemon.output(/wait in the spool/)
      expectNoCanary('/readyz', await (await fetch(`${address}/readyz`)).text())
      proxy.restore()
      provider.respond((_, response) => answer(response, 401, echo))
      await daemon.output(/\[API key\] is wrong/)
      provider.respond(undefined)
      daemon.child.kill('SIGTERM')
      const { stdout, stderr } = await daemon.result
      expectNoCanary('start', stdout + stderr)
    },
  }
  expect(Object.keys(driven).sort()).toEqual(commands.map(({ name }) => name).sort())
  for (const drive of Object.values(driven)) await drive()

  // what goes wrong
  const wrong = new URL(url)
  wrong.username = 'nobody'
  await Promise.all(
    [
      { DATABASE_URL: wrong.href },
      { DATABASE_URL: url.href.replace('postgres:', 'postgress:') },
      { DATABASE_URL: `${url.href}?sslmode=${encodeURIComponent(PASSWORD)}` },
      { PRIMOTEXTO_API_KEY: `${KEY} ${KEY}` },
      { PRIMOTEXTO_BASE_URL: `http://user:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/v2` },
      { SYNC_SCHEDULE: KEY },
      { PRIMOTEXTO_API_KEY: '', PRIMOTEXTO_API_KEY_FILE: KEY },
      { HTTP_TOKEN: '', HTTP_TOKEN_FILE: url.href },
    ].map((env) => run(['sync'], env)),
  )
  proxy.cut()
  await Promise.all(
    ['sync', 'status', 'doctor', 'verify', 'export'].map((command) => run([command, '--json'])),
  )
  expectNoCanaryBelow(cwd) // what waits in the spool, too
  proxy.restore()
  await run(['sync'])

  expectNoCanaryBelow(cwd)
  const tables = await rowsOf(
    witness,
    `select quote_ident(schemaname) || '.' || quote_ident(name) as name from (
      select schemaname, tablename as name from pg_tables union all select schemaname, viewname from pg_views) all_of_them
    where schemaname in ('sms', 'sync', 'store') order by 1`,
  )
  expect(tables.length).toBeGreaterThan(20)
  for (const { name } of tables)
    expectNoCanary(String(name), JSON.stringify(await rowsOf(witness, `select * from ${name}`)))
}, 300_000)

test('the embedded database keeps its own password in files for their owner only, and shows it nowhere', async () => {
  const cwd = temporaryFolder()
  const daemon = startCli(['start'], { cwd, env: { HTTP_PORT: '0', LOG_LEVEL: 'trace' } })
  await daemon.output(/12 stored/)
  const folder = join(cwd, '.primosync', 'demo')
  const credentials = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8'))
  const own = [credentials.superuserPassword, credentials.ownerPassword, credentials.readerPassword]
  const listing = await listProcesses()
  daemon.child.kill('SIGTERM')
  const { stdout, stderr } = await daemon.result
  const holders = new Set<string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile()) continue
    const text = readFileSync(path, 'latin1')
    if (own.some((password) => text.includes(password))) holders.add(entry.name)
    if (!path.startsWith(join(folder, 'postgres/')))
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0])
  }
  expect([...holders].sort()).toEqual(['pgpass', 'postgres.json'])
  for (const password of own)
    for (const text of [stdout, stderr, listing]) expect(text).not.toContain(password)
}, 120_000)

test('files of a key and of a database password are read again while the daemon runs', async () => {
  const keys: unknown[] = []
  let sent = 0
  const server = createServer((request, response) => {
    keys.push(request.headers['x-primotexto-apikey'])
    answer(response, 200, JSON.stringify({ sent: ++sent }))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { proxy, witness, cwd } = await install()
  const role = await createLogin('one')
  const [keyFile, urlFile] = [join(cwd, 'key'), join(cwd, 'url')]
  const url = new URL(proxy.url)
  url.username = role
  const rotate = (password: string) => {
    url.password = password
    writeFileSync(urlFile, url.href)
  }
  writeFileSync(keyFile, 'first-key\n')
  rotate('one')
  const daemon = startCli(['start'], {
    cwd,
    env: {
      PRIMOTEXTO_API_KEY_FILE: keyFile,
      DATABASE_URL_FILE: urlFile,
      PRIMOTEXTO_CATEGORIES: 'a',
      PRIMOTEXTO_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`,
      HTTP_PORT: '0',
      SYNC_SCHEDULE: '* * * * * *',
    },
  })
  await vi.waitFor(() => expect(keys).toContain('first-key'), WAIT)
  writeFileSync(keyFile, 'second-key\n')
  await vi.waitFor(() => expect(keys).toContain('second-key'), WAIT)
  const before = sent
  await asAdmin(inject('testServer').adminUrl, (admin) => admin.query(`alter role ${role} password 'two'`))
  rotate('two')
  proxy.cut()
  proxy.restore()
  await vi.waitFor(async () => {
    const [row] = await rowsOf(witness, 'select max(sent)::int as newest from sms.snapshots')
    expect(row!.newest).toBeGreaterThan(before)
  }, WAIT)
  daemon.child.kill('SIGTERM')
  expect((await daemon.result).code).toBe(0)
}, 120_000)
