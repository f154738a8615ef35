// The doctor: a line each, what to do, exit 1 if something needs doing.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkClock } from '../../src/doctor/api.ts'
import { checkDatabase } from '../../src/doctor/database.ts'
import { checkDisk } from '../../src/doctor/disk.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { NO_PROXIES } from '../../src/network/proxies.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { runCli, temporaryFolder } from '../helpers/cli.ts'
import { createTestDatabase, type TestDatabase, uniqueName } from '../helpers/database.ts'
import { withWarehouse } from '../helpers/warehouse.ts'
import { answer } from '../primotexto/provider.ts'

const HOUR_MS = 3_600_000

interface Found {
  readonly ok: boolean
  readonly findings: Finding[]
}

/** Subject and words of each line that is not well. */
type Ills = readonly (readonly [subject: string, found: RegExp])[]

function expectIlls(findings: readonly Finding[], ills: Ills): void {
  expect(findings.filter(({ ok }) => !ok)).toEqual(
    ills.map(([subject, found]) => ({
      subject,
      ok: false,
      found: expect.stringMatching(found),
      advice: expect.any(String),
    })),
  )
}

interface Listening {
  readonly url: string
  close(): void
}

async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v2`, close: () => server.close() }
}

describe('primosync doctor', () => {
  let database: TestDatabase
  let api: Sandbox
  let settings: Record<string, string>

  beforeAll(async () => {
    database = await createTestDatabase()
    api = await startSandbox({ port: 0, seed: 1 })
    settings = {
      DATABASE_URL: database.url,
      PRIMOTEXTO_API_KEY: 'sandbox',
      PRIMOTEXTO_BASE_URL: api.url,
      PRIMOTEXTO_CATEGORIES: 'codeConfirmation',
    }
  })
  afterAll(async () => {
    await api.close()
    await database.drop()
  })

  async function examine(env: Record<string, string>, cwd = temporaryFolder()) {
    const { code, stdout } = await runCli(['doctor', '--json'], { cwd, env: { ...settings, ...env } })
    const { ok, findings }: Found = JSON.parse(stdout)
    return { code, ok, findings }
  }

  test('finds all well', async () => {
    const { code, ok, findings } = await examine({})
    expectIlls(findings, [])
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    expect(findings.map(({ subject }) => subject)).toEqual([
      'settings',
      'network',
      'clock',
      'API, default',
      'account, default',
      'database',
      'encoding',
      'replication',
      'rights',
      'schema',
      'zone',
      'spool',
      'disk',
    ])
  })

  for (const [what, env, ...ills] of [
    ['a wrong key', { PRIMOTEXTO_API_KEY: 'wrong' }, ['API, default', /^authentication: /]],
    ['no category', { PRIMOTEXTO_CATEGORIES: '' }, ['API, default', /^no category/]],
    [
      'a database that is away, and what waits for it',
      { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x', PRIMOSYNC_DATA_DIR: 'waiting' },
      ['database', /ECONNREFUSED/],
      ['spool', /^the answers of a run wait/],
    ],
    [
      'a data folder that cannot be written',
      { PRIMOSYNC_DATA_DIR: 'file' },
      ['spool', /cannot be written.*ENOTDIR/],
    ],
  ] as const) {
    test(`tells of ${what}, and what to do`, async () => {
      const cwd = temporaryFolder()
      mkdirSync(join(cwd, 'waiting/spool'), { recursive: true })
      writeFileSync(join(cwd, 'waiting/spool/01980000-0000-7000-8000-000000000000.ndjson'), '{}\n')
      writeFileSync(join(cwd, 'file'), '')
      const { code, findings } = await examine(env, cwd)
      expect(code).toBe(1)
      expectIlls(findings, ills)
      expect(JSON.stringify(findings)).not.toContain('canary')
    })
  }

  test('tells of a clock that is off, and which of several accounts has a wrong key', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'primosync.yaml'), 'accounts: [{ name: shop, api_key: wrong, categories: [a] }]')
    const { url, close } = await listen((request, response) => {
      const status = request.headers['x-primotexto-apikey'] === 'wrong' ? 401 : 200
      answer(response, status, '{"sent":1}', { Date: new Date(Date.now() + 3 * HOUR_MS).toUTCString() })
    })
    const { code, findings } = await examine({ PRIMOTEXTO_BASE_URL: url }, cwd).finally(close)
    expect(code).toBe(1)
    expectIlls(findings, [
      ['clock', /^180 min behind the API/],
      ['API, shop', /^authentication: /],
    ])
    expect(findings).toContainEqual(expect.objectContaining({ subject: 'API, default', ok: true }))
  })

  test('prints a line each', async () => {
    const { stdout } = await runCli(['doctor'], { env: { ...settings, PRIMOTEXTO_API_KEY: 'wrong' } })
    expect(stdout).toMatch(/^FAIL {2}API, default .*\n {6}\s+→ .*key/m)
    expect(stdout).toMatch(/^ok {4}database /m)
  })
})

describe('the database', () => {
  const cases: [what: string, change: (database: string, role: string) => string, ills: Ills][] = [
    ['nothing', () => '', []],
    [
      'a standby',
      () => pretending('pg_is_in_recovery() returns boolean', 'true'),
      [['replication', /^this server is a standby/]],
    ],
    [
      'a user who may only read',
      (database) => `alter role current_user in database ${database} set default_transaction_read_only = on`,
      [
        ['replication', /^the primary, but read-only/],
        ['storing', /^a snapshot cannot be stored: cannot execute/],
      ],
    ],
    [
      'a trigger that takes nothing',
      () => `create function public.no() returns trigger language plpgsql as $$ begin raise 'not today'; end $$;
        create trigger no before insert on store.snapshot for each row execute function public.no()`,
      [['storing', /^a snapshot cannot be stored: not today/]],
    ],
    [
      'a trigger that swallows everything',
      () => `create function public.no() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger no before insert on store.snapshot for each row execute function public.no()`,
      [['storing', /does not come back as it was/]],
    ],
    [
      'an old PostgreSQL',
      () =>
        pretending(
          'current_setting(name text) returns text',
          `case name when 'server_version_num' then '149999' else pg_catalog.current_setting(name) end`,
        ),
      [['database', /^PostgreSQL /]],
    ],
    [
      'a user who may make no schema where there is none',
      (database, role) =>
        `drop schema sms, sync, store, store_migrations cascade; alter database ${database} set role = ${role}`,
      [
        ['rights', /may not create schemas/],
        ['schema', /^not up to date: 0001_store, .*views must be run/],
      ],
    ],
    [
      'a user who owns no schema',
      (database, role) => `alter database ${database} set role = ${role}`,
      [
        ['rights', /does not own the schema store/],
        ['schema', /permission denied/],
      ],
    ],
    [
      'an older schema',
      () => `delete from store.repeatable`,
      [['schema', /^not up to date: views must be run/]],
    ],
    [
      'rows made by older rules',
      () => `update store.reporting set rules = rules - 1`,
      [['schema', /^The deltas and trends in this warehouse were made by version 0 of the rules/]],
    ],
    [
      'a newer schema',
      () => `insert into store_migrations.migration values ('9999_later', '2100-01-01')`,
      [['schema', /newer schema \(9999_later\)/]],
    ],
    [
      'days of another zone',
      () => `update store.reporting set timezone = 'Asia/Tokyo'`,
      [['zone', /is Europe\/Paris, but the warehouse keeps its days in Asia\/Tokyo/]],
    ],
  ]
  for (const [what, change, ills] of cases) {
    test(`tells of ${what}`, () =>
      withWarehouse(async ({ url, pool }) => {
        const [database, role] = [new URL(url).pathname.slice(1), uniqueName()]
        await pool.query(`create role ${role}; grant ${role} to current_user; ${change(database, role)}`)
        const warehouse = openWarehouse(url)
        warehouse.pool.on('connect', (client) => client.query('set search_path = pretended, pg_catalog'))
        try {
          expectIlls(await checkDatabase(warehouse, 'Europe/Paris'), ills)
        } finally {
          await warehouse.close()
        }
      }))
  }

  /** Has a function of the server say something else. */
  function pretending(signature: string, says: string): string {
    return `create schema pretended; create function pretended.${signature} language sql return ${says}`
  }
})

test.for([
  [262_144, []],
  [262_143, [['disk', /^1.0 GiB free/]]],
] satisfies [number, Ills][])('the room of %i free blocks', async ([bavail, ills]) => {
  const measure = async () => ({ bavail, bsize: 4096 })
  expectIlls(await checkDisk(temporaryFolder(), (spool) => spool.list(), measure), ills)
})

describe('the clock', () => {
  let api: Listening
  beforeAll(async () => {
    api = await listen((_request, response) => response.end())
  })
  afterAll(() => api.close())

  for (const [hours, found] of [
    [0, 'agrees with the API'],
    [3, '180 min ahead of the API'],
    [-3, '180 min behind the API'],
  ] as const) {
    test(`${hours} hours off: ${found}`, async () => {
      const finding = await checkClock(api.url, {
        timeoutMs: 5_000,
        proxies: NO_PROXIES,
        now: () => Date.now() + hours * HOUR_MS,
      })
      expect(finding).toMatchObject({ ok: hours === 0, found })
    })
  }
})
