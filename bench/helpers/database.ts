// A PostgreSQL to measure in, and in it a database of its own for each question.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../../src/embedded/embedded.ts'
import { openFolder, readCredentials } from '../../src/embedded/folder.ts'
import { settleTimezone } from '../../src/warehouse/calendar.ts'
import { migrate } from '../../src/warehouse/migrate.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/pool.ts'

export const TIMEZONE = 'Europe/Paris'

export interface Server {
  /** Of a superuser, or of a role that may create databases. */
  readonly adminUrl: string
  readonly isEmbedded: boolean
  readonly version: string
  stop(): Promise<void>
}

/** The server of BENCH_DATABASE_URL, else an embedded one with its default settings, in a temporary folder. */
export async function openServer(): Promise<Server> {
  const outside = process.env.BENCH_DATABASE_URL
  if (outside) return describeServer(outside, false, async () => {})
  const dataDir = await mkdtemp(join(tmpdir(), 'primosync-bench-'))
  const server = await openEmbedded({ dataDir, exclusive: true })
  const { port, superuserPassword } = await readCredentials(await openFolder(dataDir, 0))
  const adminUrl = `postgres://postgres:${superuserPassword}@127.0.0.1:${port}/postgres`
  return describeServer(adminUrl, true, async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
}

async function describeServer(
  adminUrl: string,
  isEmbedded: boolean,
  stop: () => Promise<void>,
): Promise<Server> {
  const version = await asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query('show server_version')
    return rows[0].server_version
  })
  return { adminUrl, isEmbedded, version, stop }
}

export interface BenchWarehouse extends Warehouse {
  readonly url: string
}

/** A migrated warehouse in a new database, which is dropped after `work`. */
export async function withWarehouse<T>(
  { adminUrl }: Server,
  work: (warehouse: BenchWarehouse) => Promise<T>,
): Promise<T> {
  const name = `primosync_bench_${randomBytes(4).toString('hex')}`
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name}`))
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const warehouse = openWarehouse(url.href)
  try {
    await migrate(warehouse.db)
    await settleTimezone(warehouse, TIMEZONE)
    return await work({ ...warehouse, url: url.href })
  } finally {
    await warehouse.close()
    await asAdmin(adminUrl, (admin) => admin.query(`drop database if exists ${name} with (force)`))
  }
}

async function asAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}
