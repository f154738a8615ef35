// A complete installation: a folder, a database, a provider, and secrets that must not appear anywhere.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { openWarehouse, type Warehouse } from '../../src/warehouse/pool.ts'
import { type CliResult, type RunningCli, runCli, startCli, temporaryFolder } from './cli.ts'
import { type CountingProvider, startCountingProvider } from './counting-provider.ts'
import { createTestDatabase } from './database.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const KEY = 'CanaryKey0123456789abcdef'

export interface Installation {
  readonly cwd: string
  readonly provider: CountingProvider
  /** The proxy between the program and the database. */
  readonly proxy: TcpProxy
  /** A direct connection to the same database. */
  readonly witness: Warehouse
  readonly databaseUrl: string
  /** Runs a command to its end. Fails if its output contains a secret. */
  run(args: readonly string[], env?: Record<string, string>, stdin?: string): Promise<CliResult>
  start(args: readonly string[], env?: Record<string, string>): RunningCli
  /** Fails if a file of the folder, or one of `texts`, contains a secret. */
  expectNoSecret(...texts: string[]): void
}

/** Makes an installation. Everything is closed and removed after the test. */
export async function install(categories = 'a,b,c'): Promise<Installation> {
  const database = await createTestDatabase()
  const proxy = await startTcpProxy(database.url)
  const witness = openWarehouse(database.url)
  onTestFinished(async () => {
    await witness.close()
    await database.drop()
  })
  const provider = await startCountingProvider()
  const cwd = temporaryFolder()
  const settings = {
    PRIMOTEXTO_API_KEY: KEY,
    PRIMOTEXTO_BASE_URL: provider.baseUrl,
    PRIMOTEXTO_CATEGORIES: categories,
    DATABASE_URL: proxy.url,
    HTTP_PORT: '0',
    SYNC_TIMEOUT: '20 s',
    LOG_LEVEL: 'debug',
  }
  const secrets = [KEY, new URL(database.url).password]
  const expectNoSecret = (...texts: string[]) => {
    for (const text of [...texts, ...filesBelow(cwd).flatMap(readIfThere)])
      for (const secret of secrets) expect(text).not.toContain(secret)
  }
  return {
    cwd,
    provider,
    proxy,
    witness,
    databaseUrl: database.url,
    expectNoSecret,
    start: (args, env = {}) => startCli(args, { cwd, env: { ...settings, ...env } }),
    async run(args, env = {}, stdin = '') {
      const result = await runCli(args, { cwd, env: { ...settings, ...env }, stdin })
      expectNoSecret(result.stdout, result.stderr)
      return result
    },
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Another program of the same test may have removed the file since the folder was listed. */
function readIfThere(path: string): string[] {
  try {
    return [readFileSync(path, 'latin1')]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
