// A PostgreSQL server in the data folder, for users without one. Every program that uses the folder holds a shared
// advisory lock in the database, so a crash leaves no lock behind; the last program to close stops the server.

import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { PrimosyncError, reasonOf, sentence } from '../errors.ts'
import { DATABASE, type Folder, OWNER_ROLE, openFolder, READER_ROLE, readCredentials } from './folder.ts'
import { readPidFile, startServer, stopServer } from './server.ts'

/** Session-level advisory locks: (LOCKS, USE) is shared by all programs, (LOCKS, PROGRAM) is the daemon's. */
const LOCKS = 1_347_570_003
const USE = 1
const PROGRAM = 2

const FIRST_PORT = 5433
const PATIENCE_MS = 300_000 // a server that was killed may need to recover first
const HOLDER_PATIENCE_MS = 2_000 // the session of a program that was just killed may still exist
const RESTORE_EVERY_MS = 1_000
const STEP_MS = 50
const CANNOT_CONNECT_NOW = '57P03' // starting up or shutting down

/** Another main program works in the folder. */
export class FolderInUseError extends PrimosyncError {
  override name = 'FolderInUseError'
}

/** In the place of PGSSLMODE, PGOPTIONS and the like of this program's environment. */
const OF_ITS_OWN = {
  ssl: false,
  options: '-c DateStyle=ISO',
  client_encoding: 'UTF8',
  connectionTimeoutMillis: 10_000,
}
/** How often it is tried whether the server takes new sessions, and how often it must refuse in a row. */
const TRY_EVERY_MS = 10_000
const REFUSALS = 2

export interface EmbeddedOptions {
  dataDir: string
  /** True for the main program of a folder, such as `start`. Only one can run at a time. */
  exclusive: boolean
  /** The first port to try on the first start. Later starts begin with the last port used. */
  port?: number
  /** Additional settings of PostgreSQL for a new cluster. */
  settings?: Record<string, string>
  /** How often it is tried whether the server takes new sessions. */
  tryEveryMs?: number
  /** Called with messages about the server while the program runs. */
  log?: (message: string) => void
}

export interface EmbeddedServer {
  /** For the program's own pool. Contains a password: never print it. */
  readonly ownerUrl: string
  /** Safe to print: `psql "<publicUrl>"` works as it is and shows no password. */
  readonly publicUrl: string
  /** Stops the server if no other program uses it. May be called twice. */
  stop(): Promise<void>
}

/**
 * Opens the embedded server of a data folder. A server that runs already is used, including one whose program was
 * killed; otherwise it is started, and created on the first use. If the server stops while the program runs, it is
 * started again. Rejects with a PrimosyncError that says what to do.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const {
    dataDir,
    exclusive,
    port = FIRST_PORT,
    settings = {},
    log = () => {},
    tryEveryMs = TRY_EVERY_MS,
  } = options
  const folder = await openFolder(dataDir, port)
  const open = () => openSession(folder, exclusive, settings)
  let session = await open()
  let restoring = Promise.resolve()
  let stopped: Promise<void> | undefined

  const watch = () => {
    session.once('end', () => {
      if (!stopped) restoring = restore()
    })
  }
  const restore = async () => {
    log('The embedded PostgreSQL has stopped. It is started again.')
    while (!stopped) {
      try {
        session = await open()
        watch()
        return
      } catch (error) {
        log(sentence(reasonOf(error)))
        await delay(RESTORE_EVERY_MS)
      }
    }
  }
  // A server whose shared memory was removed (systemd does that when its user logs out) goes on with the sessions that
  // it has, and takes no new ones.
  let refusals = 0
  const tryNewSession = async () => {
    const reason = await refusalOf(folder, session.port)
    refusals = reason === null ? 0 : refusals + 1
    if (refusals < REFUSALS || stopped) return
    refusals = 0
    log(sentence(`The embedded PostgreSQL takes no new sessions (${reason}). It is stopped`))
    await stopServer(folder, 'immediate').catch((error) => log(sentence(reasonOf(error))))
  }
  let trying = Promise.resolve()
  const timer = setInterval(() => {
    trying = trying.then(tryNewSession)
  }, tryEveryMs)
  timer.unref()
  const stop = async () => {
    clearInterval(timer)
    await trying
    await restoring
    await session.end().catch(() => {})
    await stopIfUnused(folder)
  }

  watch()
  const { ownerPassword } = await readCredentials(folder)
  return {
    // The port may be another one after a restart.
    get ownerUrl() {
      return `postgres://${OWNER_ROLE}:${ownerPassword}@127.0.0.1:${session.port}/${DATABASE}?sslmode=disable&options=-c%20DateStyle%3DISO`
    },
    get publicUrl() {
      return publicUrl(folder, session.port)
    },
    stop: () => (stopped ??= stop()),
  }
}

/** libpq reads the password from the file, so the URL can be shown and pasted. */
function publicUrl(folder: Folder, port: number): string {
  const passFile = encodeURIComponent(folder.passFile).replaceAll('%2F', '/')
  return `postgres://${READER_ROLE}@127.0.0.1:${port}/${DATABASE}?passfile=${passFile}`
}

/** Opens a session that holds this program's locks, and starts the server if none runs. */
async function openSession(
  folder: Folder,
  exclusive: boolean,
  settings: Record<string, string>,
): Promise<pg.Client> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const session = await connect(folder)
    if (session && (await tryLock(session, 'pg_try_advisory_lock_shared', USE))) {
      if (exclusive) await claim(session, folder)
      return session
    }
    await session?.end() // not locked: the last program is stopping the server
    const started = !session && (await startServer(folder, settings))
    if (!started) await delay(STEP_MS)
  }
  throw new PrimosyncError(
    `The embedded PostgreSQL in ${folder.path} has not become available for five minutes.`,
    {
      hint: `Look for the reason in its log: ${folder.logFile}`,
    },
  )
}

/** Opens a session on the running server, once it accepts one; returns null if no server runs. */
async function connect(folder: Folder): Promise<pg.Client | null> {
  const deadline = Date.now() + PATIENCE_MS
  const { ownerPassword } = await readCredentials(folder).catch(() => ({ ownerPassword: '' }))
  for (;;) {
    const running = await readPidFile(folder)
    if (!running) return null
    const session = new pg.Client({
      host: '127.0.0.1',
      port: running.port,
      user: OWNER_ROLE,
      password: ownerPassword,
      database: DATABASE,
      application_name: `primosync ${process.pid}`,
      ...OF_ITS_OWN,
    })
    session.on('error', () => {}) // `end` follows
    try {
      await session.connect()
      return session
    } catch (error) {
      await session.end().catch(() => {})
      const code = (error as { code?: string }).code ?? ''
      const refused = !(error instanceof pg.DatabaseError)
      // The pid file is left over from a crashed server, and another server has its port now.
      const isOtherServer = code.startsWith('28')
      if (refused || isOtherServer) return null
      if (code !== CANNOT_CONNECT_NOW || Date.now() > deadline) {
        throw new PrimosyncError(
          sentence(`The embedded PostgreSQL in ${folder.path} accepts no connections: ${reasonOf(error)}`),
          {
            hint: `Look for the reason in its log: ${folder.logFile}`,
            cause: error,
          },
        )
      }
      await delay(STEP_MS)
    }
  }
}

/** Why the server refuses a new session for a reason that does not pass by itself; null: it does not. */
async function refusalOf(folder: Folder, port: number): Promise<string | null> {
  const { ownerPassword: password } = await readCredentials(folder).catch(() => ({ ownerPassword: '' }))
  const own = { host: '127.0.0.1', port, user: OWNER_ROLE, password, database: DATABASE, ...OF_ITS_OWN }
  const client = new pg.Client({ ...own, application_name: `primosync ${process.pid}, a try` })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return null
  } catch (error) {
    const { code = '' } = error as { code?: string }
    // An internal error, or a file or a piece of memory that is gone.
    return error instanceof pg.DatabaseError && /^(58|XX)/.test(code) ? reasonOf(error) : null
  } finally {
    await client.end().catch(() => {})
  }
}

async function tryLock(session: pg.Client, how: string, lock: number): Promise<boolean> {
  const got = await session.query(`select ${how}($1, $2) as held`, [LOCKS, lock]).catch(() => null)
  return got?.rows[0].held === true // no answer means that the server is stopping
}

/** Makes this program the main one of the folder. Rejects with the process id of the program that already is. */
async function claim(session: pg.Client, folder: Folder): Promise<void> {
  const deadline = Date.now() + HOLDER_PATIENCE_MS
  while (!(await tryLock(session, 'pg_try_advisory_lock', PROGRAM))) {
    if (Date.now() < deadline) {
      await delay(STEP_MS)
      continue
    }
    const holder = await session.query(
      `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted`,
      [LOCKS, PROGRAM],
    )
    await session.end()
    const pid = holder.rows[0]?.name.replace('primosync ', '')
    throw new FolderInUseError(
      `The data folder ${folder.path} is in use by another primosync (pid ${pid}).`,
      {
        hint: 'Stop that process, or set PRIMOSYNC_DATA_DIR to another folder.',
      },
    )
  }
}

async function stopIfUnused(folder: Folder): Promise<void> {
  const session = await connect(folder)
  if (session && (await tryLock(session, 'pg_try_advisory_lock', USE))) await stopServer(folder)
  await session?.end().catch(() => {})
}
