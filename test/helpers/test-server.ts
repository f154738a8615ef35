// The PostgreSQL server for the tests: the one in TEST_DATABASE_URL, else a container if an engine and the image are
// installed, else the embedded one in a temporary folder.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgreSqlContainer } from '@testcontainers/postgresql'
import pg from 'pg'
import { getContainerRuntimeClient, ImageName } from 'testcontainers'
import { openEmbedded } from '../../src/embedded/embedded.ts'
import { openFolder, readCredentials } from '../../src/embedded/folder.ts'

const IMAGE = 'postgres:18-alpine'
const RYUK_IMAGE = 'testcontainers/ryuk:0.14.0'
/** Settings for speed: the data in these databases may be lost. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** What the tests need to know about their server. */
export interface TestServer {
  /** A user who may create databases and roles; a superuser if the tests started the server. */
  adminUrl: string
  /** The user that owns the test databases. Not a superuser, as in production. */
  owner: string
  ownerPassword: string
  /** The database that test databases are copied from: migrated, without rows. */
  template: string
  /** The prefix of all databases and roles of this run. */
  prefix: string
}

interface RunningServer {
  what: string
  adminUrl: string
  stop(): Promise<void>
}

export async function openTestServer(): Promise<RunningServer> {
  const outside = process.env.TEST_DATABASE_URL
  if (outside) return { what: 'TEST_DATABASE_URL', adminUrl: outside, stop: async () => {} }
  return (await openContainer()) ?? (await openTemporary())
}

export async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** Returns a URL of the same server for another database, and another user if one is given. */
export function urlOf(adminUrl: string, database: string, user?: { name: string; password: string }): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  if (user) {
    url.username = user.name
    url.password = user.password
  }
  return url.href
}

/** Null without an engine, or without the image: images are never pulled. */
async function openContainer(): Promise<RunningServer | null> {
  if (!(await hasImage(IMAGE))) return null
  if (!(await hasImage(RYUK_IMAGE))) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  const settings = Object.entries(FAST).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const container = await new PostgreSqlContainer(IMAGE)
    .withCommand(['postgres', ...settings])
    .withTmpFs({ '/var/lib/postgresql': 'rw' })
    .start()
  return {
    what: `a container of ${IMAGE}`,
    adminUrl: container.getConnectionUri(),
    stop: async () => {
      await container.stop()
    },
  }
}

/** Returns whether a container engine answers and has this image. */
export async function hasImage(image: string): Promise<boolean> {
  try {
    const engine = await getContainerRuntimeClient()
    return await engine.image.exists(ImageName.fromString(image))
  } catch {
    return false // no engine
  }
}

async function openTemporary(): Promise<RunningServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'primosync-test-'))
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const server = await openEmbedded({ dataDir, exclusive: true, settings: FAST })
    const { port, superuserPassword } = await readCredentials(await openFolder(dataDir, 0))
    return {
      what: 'the embedded one',
      adminUrl: `postgres://postgres:${superuserPassword}@127.0.0.1:${port}/postgres`,
      stop: () => server.stop().finally(remove),
    }
  } catch (error) {
    await remove()
    throw error
  }
}
