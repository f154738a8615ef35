// The package as it would be published: packed, installed in an empty folder, and run from there.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { createTestDatabase } from '../helpers/database.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

describe('the package', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'primosync-package-'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT })
    // What prepack prints comes before the JSON.
    const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))
    const { filename } = Array.isArray(packed)
      ? packed[0]
      : (Object.values(packed)[0] as { filename: string })
    await writeFile(join(folder, 'package.json'), '{"private":true}')
    // The optional packages are the embedded PostgreSQL, which has its own tests.
    await run('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', join(folder, filename)], {
      cwd: folder,
    })
  }, 180_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  const primosync = (args: string[], env: Record<string, string> = {}) =>
    run(join(folder, 'node_modules/.bin/primosync'), args, {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    })

  test('tells its version', async () => {
    expect((await primosync(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('runs a tick: its migrations, its client and its views', async () => {
    const database = await createTestDatabase()
    const api = await startSandbox({ port: 0, seed: 1 })
    try {
      const env = {
        DATABASE_URL: database.url,
        PRIMOTEXTO_API_KEY: 'sandbox',
        PRIMOTEXTO_BASE_URL: api.url,
        PRIMOTEXTO_CATEGORIES: 'codeConfirmation',
      }
      const { stdout } = await primosync(['sync', '--json'], env)
      expect(JSON.parse(stdout)).toMatchObject({ status: 'ok', stored: 1 })
    } finally {
      await api.close()
      await database.drop()
    }
  })
})
