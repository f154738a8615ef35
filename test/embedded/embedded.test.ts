// The embedded PostgreSQL keeps its promises: data, privacy, and who may use a folder when.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EmbeddedServer, openEmbedded } from '../../src/embedded/embedded.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'

const hasPsql = await promisify(execFile)('psql', ['--version']).then(
  () => true,
  () => false,
)

/** A row of strings and booleans, over a connection of its own. */
async function ask(url: string, sql: string): Promise<unknown[] | undefined> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]
  } finally {
    await client.end()
  }
}

/** One value, as somebody with nothing but the printed line gets it. */
async function askAsReader(publicUrl: string, sql: string): Promise<unknown> {
  if (hasPsql) {
    const { stdout } = await promisify(execFile)('psql', ['--no-psqlrc', '-At', '-c', sql, publicUrl])
    return stdout.trim()
  }
  // what libpq does with the parameter; pg does not know it
  const url = new URL(publicUrl)
  const passwords = await readFile(url.searchParams.get('passfile')!, 'utf8')
  url.password = passwords.trim().split(':').at(-1)!
  url.search = ''
  return (await ask(url.href, sql))?.[0]
}

const children = new Set<ChildProcess>()

/** Starts another program on the folder; resolves to what it says first. */
async function startProgram(dataDir: string, ...flags: string[]) {
  const program = join(import.meta.dirname, '../helpers/embedded-program.ts')
  const child = spawn(process.execPath, [program, dataDir, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.add(child)
  const exited = once(child, 'exit').then(() => children.delete(child))
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  return {
    said: JSON.parse(line),
    kill: () => {
      child.kill('SIGKILL')
      return exited
    },
    end: () => {
      child.stdin!.end()
      return exited
    },
  }
}

let folder: string
let dataDir: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'primosync-embedded-'))
  dataDir = join(folder, 'with space', '.primosync')
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a user id without a name is told what to do', async () => {
  if (process.getuid?.() !== 0) return // only root can become one
  const own = await mkdtemp(join(tmpdir(), 'primosync-embedded-'))
  await chown(own, 54321, 54321)
  const { said, end } = await startProgram(join(own, 'data'), '--nameless')
  await end()
  await rm(own, { recursive: true })
  expect(said).toMatchObject({
    message: 'The embedded PostgreSQL needs a user with a name, and user id 54321 has none.',
    hint: expect.stringContaining('DATABASE_URL'),
    exitCode: 2,
  })
})

const STARTED_AT = 'select pg_postmaster_start_time()::text'

describe('with a program that runs', () => {
  let server: EmbeddedServer
  beforeEach(async () => {
    server = await openEmbedded({ dataDir, exclusive: true })
  })
  afterEach(() => server.stop())

  test('its user owns the database, and is no superuser', async () => {
    const sql = `select rolsuper, rolcreaterole, pg_get_userbyid(datdba) = current_user, datcollate, pg_encoding_to_char(encoding)
      from pg_roles, pg_database where rolname = current_user and datname = current_database()`
    expect(await ask(server.ownerUrl, sql)).toEqual([false, true, true, 'C', 'UTF8'])
  })

  test('the public URL shows no password, and libpq logs in with it', async () => {
    const { password } = new URL(server.ownerUrl)
    expect(server.publicUrl).toMatch(
      /^postgres:\/\/primosync_reader@127\.0\.0\.1:\d+\/primosync\?passfile=\//,
    )
    expect(server.publicUrl).not.toContain(password)
    expect(await askAsReader(server.publicUrl, 'select current_user')).toBe('primosync_reader')
  })

  test('a wrong password is refused', async () => {
    const url = new URL(server.ownerUrl)
    url.password = 'guess'
    await expect(ask(url.href, 'select 1')).rejects.toThrow(/password authentication failed/)
  })

  test('nobody else may look into the data folder', async () => {
    for (const name of ['', 'pgpass', 'postgres.json', 'postgres.log', 'postgres']) {
      const { mode } = await stat(join(dataDir, name))
      expect([name, mode & 0o067], name).toEqual([name, 0]) // the group of the server's user may pass through
    }
  })

  test('data and port survive a restart', async () => {
    await ask(server.ownerUrl, 'create table kept as select 42::int as answer')
    await server.stop()
    const again = await openEmbedded({ dataDir, exclusive: true })
    try {
      expect(again.ownerUrl).toBe(server.ownerUrl)
      expect(await ask(again.ownerUrl, 'select answer from kept')).toEqual([42])
    } finally {
      await again.stop()
    }
  })

  test('a port that was taken in the meantime is left alone', async () => {
    const port = Number(new URL(server.ownerUrl).port)
    await server.stop()
    const squatter = createServer().listen(port, '127.0.0.1')
    await once(squatter, 'listening')
    try {
      server = await openEmbedded({ dataDir, exclusive: true })
      expect(Number(new URL(server.ownerUrl).port)).toBeGreaterThan(port)
      expect(await ask(server.ownerUrl, 'select true')).toEqual([true])
    } finally {
      squatter.close()
    }
  })

  test('a second main program is refused, and told which one runs', async () => {
    const second = await startProgram(dataDir, '--exclusive')
    expect(second.said).toMatchObject({ exitCode: 1, hint: expect.stringContaining('PRIMOSYNC_DATA_DIR') })
    expect(second.said.message).toContain(dataDir)
    expect(second.said.message).toContain(`pid ${process.pid}`)
  })

  test('a short command works beside it, and leaves the server up', async () => {
    const command = await startProgram(dataDir)
    expect(command.said).toEqual({ ownerUrl: server.ownerUrl })
    await command.end()
    expect(await ask(server.ownerUrl, 'select true')).toEqual([true])
  })

  test('a server that dies is started again', async () => {
    const [startedAt] = (await ask(server.ownerUrl, STARTED_AT))!
    const [pid] = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGKILL')
    const restartedAt = await vi.waitFor(async () => (await ask(server.ownerUrl, STARTED_AT))![0], {
      timeout: 20_000,
    })
    expect(restartedAt).not.toBe(startedAt)
  })

  test('a server whose shared memory was removed is started again', async () => {
    await server.stop()
    const said: string[] = []
    server = await openEmbedded({ dataDir, exclusive: true, tryEveryMs: 50, log: (text) => said.push(text) })
    const [startedAt] = (await ask(server.ownerUrl, STARTED_AT))!
    // Statistics of many tables outgrow what every session inherits.
    for (const n of [1, 2])
      await ask(
        server.ownerUrl,
        `do $$ begin for i in 1..1500 loop execute 'create table t${n}_' || i || ' ()'; end loop; end $$`,
      )
    const client = new pg.Client({ connectionString: server.ownerUrl })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query(
      'select pg_backend_pid() as pid, pg_stat_get_tuples_inserted(c.oid) from pg_class c',
    )
    const maps = await readFile(`/proc/${rows[0].pid}/maps`, 'utf8')
    const memory = new Set(maps.match(/\/dev\/shm\/PostgreSQL\.\d+/g))
    expect(memory.size).toBeGreaterThan(0)
    for (const path of memory) await rm(path)
    const restartedAt = await vi.waitFor(
      async () => {
        const [at] = (await ask(server.ownerUrl, STARTED_AT))!
        expect(at).not.toBe(startedAt)
        return at
      },
      { timeout: 20_000 },
    )
    expect(restartedAt).not.toBe(startedAt)
    expect(said).toContainEqual(expect.stringMatching(/takes no new sessions \(.*shared memory/))
  })

  test('a pid file that a power cut left empty, damaged, or with the id of another program', async () => {
    const file = join(dataDir, 'postgres/postmaster.pid')
    const contents = [
      '',
      '\0\0\0\0',
      'not a number\n',
      `${process.pid}\n${dataDir}/postgres\n1\n5\n`,
      '1\n\n\n',
    ]
    for (const content of contents) {
      await server.stop()
      await writeFile(file, content)
      await chmod(file, 0o666)
      await utimes(file, new Date(0), new Date(0))
      server = await openEmbedded({ dataDir, exclusive: true })
      expect(await ask(server.ownerUrl, 'select true')).toEqual([true])
    }
  })

  test('no PG… variable of the environment reaches it or its clients', async () => {
    await server.stop()
    const hostile = {
      PGSSLMODE: 'require',
      PGOPTIONS: '-c nonsense=1',
      PGHOST: '192.0.2.1',
      PGPORT: '1',
      PGUSER: 'x',
      PGDATA: '/nowhere',
      LC_ALL: 'xx_XX',
      TZ: 'Nowhere/Else',
    }
    const before = { ...process.env }
    Object.assign(process.env, hostile)
    try {
      server = await openEmbedded({ dataDir, exclusive: true })
      const warehouse = openWarehouse(server.ownerUrl)
      expect((await warehouse.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await warehouse.close()
    } finally {
      for (const name of Object.keys(hostile))
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
    }
  })

  test('stop may be called twice, and then nothing answers', async () => {
    await Promise.all([server.stop(), server.stop()])
    await expect(ask(server.ownerUrl, 'select true')).rejects.toThrow(/ECONNREFUSED/)
  })
})

test('a server outlives a killed program, and the next program takes it over', async () => {
  const killed = await startProgram(dataDir, '--exclusive')
  const startedAt = await ask(killed.said.ownerUrl, STARTED_AT)
  await killed.kill()
  expect(await ask(killed.said.ownerUrl, STARTED_AT)).toEqual(startedAt)

  const next = await openEmbedded({ dataDir, exclusive: true })
  expect(next.ownerUrl).toBe(killed.said.ownerUrl)
  expect(await ask(next.ownerUrl, STARTED_AT)).toEqual(startedAt)
  await next.stop()
  await expect(ask(next.ownerUrl, 'select true')).rejects.toThrow(/ECONNREFUSED/)
})

test('the last program out stops the server, whichever started it', async () => {
  const first = await startProgram(dataDir)
  const main = await openEmbedded({ dataDir, exclusive: true })
  await first.end()
  expect(await ask(main.ownerUrl, 'select true')).toEqual([true])
  await main.stop()
  await expect(ask(main.ownerUrl, 'select true')).rejects.toThrow(/ECONNREFUSED/)
})

test('two that start a new folder at once share one server', async () => {
  const fresh = join(folder, 'fresh')
  const programs = await Promise.all([startProgram(fresh), startProgram(fresh)])
  expect(programs[0].said.ownerUrl).toBeTruthy()
  expect(programs[1].said).toEqual(programs[0].said)
  await Promise.all(programs.map((program) => program.end()))
  expect((await readdir(fresh)).toSorted()).toEqual(['pgpass', 'postgres', 'postgres.json', 'postgres.log'])
})

describe('what cannot work ends in one message', () => {
  test('a read-only folder', async () => {
    const readOnly = join(folder, 'read-only')
    await mkdir(readOnly)
    await chmod(folder, 0o755)
    await chmod(readOnly, 0o555)
    const { said } = await startProgram(join(readOnly, '.primosync'), '--unprivileged')
    expect(said.message).toContain(readOnly)
    expect(said).toMatchObject({
      message: expect.stringContaining('permission denied'),
      hint: expect.stringContaining('PRIMOSYNC_DATA_DIR'),
      exitCode: 1,
    })
  })

  test('a file in the place of the folder', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(openEmbedded({ dataDir: file, exclusive: true })).rejects.toThrow(`The data folder ${file}`)
  })

  test('a cluster of another version', async () => {
    const version = join(dataDir, 'postgres/PG_VERSION')
    const current = await readFile(version, 'utf8')
    await writeFile(version, '14\n')
    try {
      await expect(openEmbedded({ dataDir, exclusive: true })).rejects.toThrow(
        /belongs to PostgreSQL 14.* comes with \d\d/,
      )
    } finally {
      await writeFile(version, current)
    }
  })

  test('a platform without binaries', async () => {
    const arch = Object.getOwnPropertyDescriptor(process, 'arch')!
    Object.defineProperty(process, 'arch', { ...arch, value: 'sparc' })
    try {
      await expect(openEmbedded({ dataDir, exclusive: true })).rejects.toThrow(
        /no embedded PostgreSQL for \w+-sparc/,
      )
    } finally {
      Object.defineProperty(process, 'arch', arch)
    }
  })

  test('no free port', async () => {
    const credentials = join(dataDir, 'postgres.json')
    const current = await readFile(credentials, 'utf8')
    await writeFile(credentials, JSON.stringify({ ...JSON.parse(current), port: 65_536 }))
    try {
      await expect(openEmbedded({ dataDir, exclusive: true })).rejects.toThrow(/no free port/)
    } finally {
      await writeFile(credentials, current)
    }
  })
})
