// The doctor as a process: a line each, what to do, exit 1 if something needs doing.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkClock } from '../../src/doctor/api.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { runCli } from '../helpers/cli.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'

interface Found {
  readonly ok: boolean
  readonly findings: { subject: string; ok: boolean; found: string; advice: string | null }[]
}

describe('primosync doctor', () => {
  let database: TestDatabase
  let api: Sandbox
  let settings: Record<string, string>

  beforeAll(async () => {
    database = await createTestDatabase()
    api = await startSandbox({ port: 0, seed: 1 })
    settings = {
      ...{ DATABASE_URL: database.url, PRIMOTEXTO_API_KEY: 'sandbox', PRIMOTEXTO_BASE_URL: api.url },
      PRIMOTEXTO_CATEGORIES: 'codeConfirmation',
    }
  })
  afterAll(async () => {
    await api.close()
    await database.drop()
  })

  async function examine(env: Record<string, string>) {
    const { code, stdout } = await runCli(['doctor', '--json'], { env: { ...settings, ...env } })
    const { ok, findings }: Found = JSON.parse(stdout)
    return { code, ok, ills: findings.filter((finding) => !finding.ok), findings }
  }

  test('finds all well', async () => {
    const { code, ok, findings } = await examine({})
    expect(findings.filter((finding) => !finding.ok)).toEqual([])
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    expect(findings.map(({ subject }) => subject)).toEqual([
      ...[
        'settings',
        'clock',
        'API, default',
        'database',
        'replication',
        'rights',
        'schema',
        'zone',
        'spool',
        'disk',
      ],
    ])
  })

  for (const [what, env, ...expected] of [
    ['a wrong key', { PRIMOTEXTO_API_KEY: 'wrong' }, ['API, default', /^authentication: /]],
    ['no category', { PRIMOTEXTO_CATEGORIES: '' }, ['API, default', /^no category/]],
    [
      'a database that is away, and answers that wait for it',
      { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x', PRIMOSYNC_DATA_DIR: 'waiting' },
      ['database', /ECONNREFUSED/],
      ['spool', /^the answers of 1 runs wait/],
    ],
    ['a data folder that is none', { PRIMOSYNC_DATA_DIR: 'file' }, ['spool', /cannot be written: .*ENOTDIR/]],
    ['an unknown zone', { REPORTING_TIMEZONE: 'Mars/Olympus' }, ['zone', /Mars\/Olympus/]],
    [
      'a clock that is off, and a wrong key among several',
      { PRIMOTEXTO_BASE_URL: 'ahead', HTTP_PORT: '1' },
      ['clock', /^180 min behind the API/],
      ['API, shop', /^authentication: /],
    ],
  ] as const) {
    test(`tells of ${what}, and what to do`, async () => {
      const { code, ills } = await examine(env)
      expect(code).toBe(1)
      expect(ills).toEqual(
        expected.map(([subject, found]) => ({
          ...{ subject, ok: false, found: expect.stringMatching(found), advice: expect.any(String) },
        })),
      )
      expect(JSON.stringify(ills)).not.toContain('canary')
    })
  }

  test('prints a line each', async () => {
    const { stdout } = await runCli(['doctor'], { env: { ...settings, PRIMOTEXTO_API_KEY: 'wrong' } })
    expect(stdout).toMatch(/^FAIL {2}API, default .*\n {6}\s+→ .*key/m)
    expect(stdout).toMatch(/^ok {4}database /m)
  })
})

describe('the clock', () => {
  let server: Server
  beforeAll(async () => {
    server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  })
  afterAll(() => server.close())

  for (const [hours, found] of [
    [0, 'agrees with the API'],
    [3, '180 min ahead of the API'],
    [-3, '180 min behind the API'],
  ] as const) {
    test(`${hours} hours off: ${found}`, async () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`
      const finding = await checkClock(url, 5_000, () => Date.now() + hours * 3_600_000)
      expect(finding).toMatchObject({ ok: hours === 0, found })
    })
  }
})
