// The compose project as a newcomer starts it: built from the checkout, without a key, against its own
// PostgreSQL. Runs where an engine, a compose command and both base images are there already.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { getContainerRuntimeClient } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hasImage } from '../helpers/test-server.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

async function findCompose(): Promise<string[] | null> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...args] = command
    const version = await run(program, [...args, 'version', '--short']).catch(() => null)
    if (version?.stdout.match(/^v?\d/)) return command
  }
  return null
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const command = await findCompose()
const images = await Promise.all(['node:24-bookworm-slim', 'postgres:18-alpine'].map(hasImage))
const missing = !command
  ? 'no compose command'
  : !images.every(Boolean)
    ? 'no engine with both base images'
    : ''

describe.skipIf(missing)(`docker-compose.yml${missing && ` (left out: ${missing})`}`, () => {
  let ports: { http: number; postgres: number }
  let env: NodeJS.ProcessEnv
  const compose = async (...args: string[]) => {
    const [program = '', ...first] = command ?? []
    const { stdout } = await run(program, [...first, ...args], { cwd: root, env }).catch((error) => {
      throw new Error(`${error.message}\n${error.stdout.slice(-4000)}`) // a failed build says why on stdout
    })
    return stdout
  }

  beforeAll(async () => {
    ports = { http: await freePort(), postgres: await freePort() }
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PRIMO|SYNC_|LOG_|REPORTING_)/.test(name),
    )
    env = {
      ...Object.fromEntries(inherited),
      COMPOSE_PROJECT_NAME: `primosync-test-${process.pid}`,
      COMPOSE_DOCKER_CLI_BUILD: '0', // compose 1 would call a docker client, which may be too old to build
      HTTP_PORT: String(ports.http),
      POSTGRES_PORT: String(ports.postgres),
      POSTGRES_PASSWORD: 'p@ss/w:rd?#%',
    }
    await compose('up', '--build', '-d')
  }, 300_000)
  afterAll(() => compose('down', '--volumes', '--rmi', 'local'), 60_000)

  test('becomes ready', async () => {
    await vi.waitFor(
      async () => expect((await fetch(`http://127.0.0.1:${ports.http}/readyz`)).status).toBe(200),
      { timeout: 60_000, interval: 200 },
    )
  }, 90_000)

  test('stores snapshots of the sandbox in a database of their own', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: ports.postgres,
      user: 'primosync',
      password: env.POSTGRES_PASSWORD,
      database: 'primosync_demo',
    })
    await client.connect()
    try {
      await vi.waitFor(
        async () => {
          const found = await client.query(
            `select 1 from sms.snapshots where account = 'sandbox' and source = 'api' limit 1`,
          )
          expect(found.rowCount).toBe(1)
        },
        { timeout: 60_000, interval: 200 },
      )
    } finally {
      await client.end()
    }
  }, 90_000)

  test('runs as an ordinary user, who may write to the data folder only', async () => {
    // the home is the user's own: only a read-only root file system keeps it from writing there
    const script =
      'id -u; touch /data/x && echo data; touch /home/node/x 2>/dev/null || stat -c %U /home/node'
    expect(await compose('exec', '-T', 'primosync', 'sh', '-c', script)).toBe('1000\ndata\nnode\n')
  })

  test('ends well when it is told to stop', async () => {
    const id = (await compose('ps', '-q', 'primosync')).trim()
    await compose('stop', 'primosync')
    const engine = await getContainerRuntimeClient()
    const { State } = await engine.container.dockerode.getContainer(id).inspect()
    expect(State.ExitCode).toBe(0)
  }, 60_000)
})
