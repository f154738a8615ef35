// A PostgreSQL for the suite, which can be stopped, killed and filled up. It is removed at the end.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { DATABASE, OWNER_ROLE, openFolder, readCredentials } from '../../src/embedded/folder.ts'
import { readPidFile, startServer, stopServer } from '../../src/embedded/server.ts'

const SETTINGS = {
  max_connections: '40',
  min_wal_size: '32MB',
  max_wal_size: '64MB',
  shared_buffers: '32MB',
  // Committed data must survive a killed server, but not a power cut.
  fsync: 'off',
}
const START_PATIENCE_MS = 60_000

export interface Cluster {
  readonly port: number
  readonly ownerPassword: string
  /** The URL for the programs' user, through a port. */
  url(port: number, database?: string): string
  /** Runs SQL as the superuser, always writable and without a timeout, whatever the settings of the server are. */
  admin<Row = Record<string, unknown>>(sql: string, database?: string): Promise<Row[]>
  /** Takes every connection that an ordinary user can have. Returns how to release them. */
  takeAllConnections(): Promise<() => Promise<void>>
  /** Runs statements in a transaction that stays open. Returns how to end it. */
  hold(sql: string): Promise<() => Promise<void>>
  stop(): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
  /** Fills its disk. Returns how to make room again. Null if it has no small disk. */
  readonly fillDisk: (() => () => void) | null
  close(): Promise<void>
}

/** `diskMebibytes`: the size of a small disk (tmpfs) for it; null: none. */
export async function openCluster(diskMebibytes: number | null, firstPort: number): Promise<Cluster> {
  const path = mkdtempSync(join(tmpdir(), 'primosync-faults-pg-'))
  if (diskMebibytes !== null) mountDisk(path, diskMebibytes)
  chmodSync(path, 0o711)
  const folder = await openFolder(path, firstPort)
  await startServer(folder, SETTINGS)
  const { port, superuserPassword, ownerPassword } = await readCredentials(folder)

  const connectAs = async (user: string, password: string, database: string, options = '') => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database, options })
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const asAdmin = (database = DATABASE) =>
    connectAs(
      'postgres',
      superuserPassword,
      database,
      '-c default_transaction_read_only=off -c statement_timeout=0',
    )
  const url = (toPort: number, database = DATABASE) =>
    `postgres://${OWNER_ROLE}:${ownerPassword}@127.0.0.1:${toPort}/${database}`

  async function start(): Promise<void> {
    const giveUpAt = Date.now() + START_PATIENCE_MS
    for (;;) {
      try {
        const client = await asAdmin()
        await client.end()
        return
      } catch (error) {
        if (Date.now() > giveUpAt) throw error
        // Fails while processes of a killed server are still ending.
        await startServer(folder, {}).catch(() => false)
        await delay(100)
      }
    }
  }
  return {
    port,
    ownerPassword,
    url,
    start,
    async admin<Row>(sql: string, database?: string) {
      const client = await asAdmin(database)
      try {
        return (await client.query(sql)).rows as Row[]
      } finally {
        await client.end()
      }
    },
    async takeAllConnections() {
      const taken: pg.Client[] = []
      try {
        for (;;) taken.push(await connectAs(OWNER_ROLE, ownerPassword, DATABASE))
      } catch {
        // No connection is left.
      }
      return async () => void (await Promise.all(taken.map((client) => client.end().catch(() => {}))))
    },
    async hold(sql) {
      const client = await asAdmin()
      await client.query('begin')
      await client.query(sql)
      return () => client.end()
    },
    stop: () => stopServer(folder),
    async kill() {
      const running = await readPidFile(folder)
      if (running === null) throw new Error('no PostgreSQL is running that could be killed')
      process.kill(running.pid, 'SIGKILL')
    },
    fillDisk:
      diskMebibytes === null
        ? null
        : () => {
            const ballast = join(path, 'ballast')
            fill(ballast)
            return () => rmSync(ballast, { force: true })
          },
    async close() {
      await stopServer(folder).catch(() => {})
      if (diskMebibytes !== null) unmountDisk(path)
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Mounts a small disk in memory. Only root may. */
export function mountDisk(path: string, mebibytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'pipe' })
}

export function unmountDisk(path: string): void {
  execFileSync('umount', ['-l', path], { stdio: 'pipe' })
}

/** Returns whether this user may mount disks here. */
export function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'primosync-faults-mount-'))
  try {
    mountDisk(path, 1)
    unmountDisk(path)
    return true
  } catch {
    return false
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** Writes a file that takes all the space left on its disk. */
export function fill(path: string): void {
  const chunk = Buffer.alloc(4096)
  writeFileSync(path, '')
  for (;;) {
    const { bavail, bsize } = statfsSync(path)
    if (bavail === 0) return
    try {
      writeFileSync(path, Buffer.alloc(Math.min(bavail * bsize, 1 << 20)), { flag: 'a' })
    } catch {
      try {
        writeFileSync(path, chunk, { flag: 'a' })
      } catch {
        return
      }
    }
  }
}
