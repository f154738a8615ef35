// The package as it would be published: packed, installed in an empty folder, and run from there; and what it
// is made of.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
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

interface Locked {
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

describe('package-lock.json', () => {
  const readJson = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))
  const { '': _ours, ...packages } = readJson('package-lock.json').packages as Record<string, Locked>
  const pathsOf = (isWanted: (locked: Locked) => boolean) =>
    Object.entries(packages).flatMap(([path, locked]) => (isWanted(locked) ? [path] : []))

  test('pins every package by its content', () => {
    expect(Object.keys(packages).length).toBeGreaterThan(100)
    expect(pathsOf(({ integrity = '' }) => !/^sha512-[\w+/]{86}==$/.test(integrity))).toEqual([])
  })

  test('takes every package from the public registry', () => {
    const registry = 'https://registry.npmjs.org/'
    expect(pathsOf(({ resolved = registry }) => !resolved.startsWith(registry))).toEqual([])
  })

  test('has no install script but those that package.json decides about', () => {
    const names = pathsOf(({ hasInstallScript }) => hasInstallScript === true).map((path) =>
      path.replace(/^.*node_modules\//, ''),
    )
    expect(names.sort()).toEqual(Object.keys(readJson('package.json').allowScripts).sort())
  })
})
