// Access to PostgreSQL: one pool, one place that decides how types arrive, one kind of transaction.
import { Socket } from 'node:net'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { DatabaseAwayError } from '../errors.ts'
import { tryInTurn } from './connecting.ts'
import { COMMIT_DURABLY, PIN_TRANSACTION } from './session.ts'
import type { Tables } from './tables.ts'
import type { Views } from './view-types.ts'

export type Db = Kysely<Tables & Views>

/** One transaction: Kysely for statements; the connection itself for COPY, and for rows as arrays. */
export interface Transaction {
  readonly db: Db
  readonly connection: pg.PoolClient
}

export interface Warehouse {
  readonly db: Db
  readonly pool: pg.Pool
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Waits two seconds for what is under way, then ends its connections. */
  close(): Promise<void>
}

export interface WarehouseOptions {
  /** Called for connections that are lost while idle. */
  readonly onIdleError?: (error: Error) => void
  /** How long the database may send nothing during a statement before the connection is ended. */
  readonly silenceMs?: number
}

const CONNECT_TIMEOUT_MS = 5_000
/** Long enough to migrate a large warehouse. */
const SILENCE_MS = 3_600_000
const CLOSE_PATIENCE_MS = 2_000
/** Frees the locks of a writer that hangs in its transaction (paused, or cut off from the network). */
const IDLE_IN_TRANSACTION_TIMEOUT = '30s'
/** How long a transaction waits for the locks of another writer; what it should store stays in the spool. */
const LOCK_TIMEOUT = '5s'

/** int8 as a number where that is exact, else as text; what has no zone as text; the rest as pg parses it. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return parseInt8
    if (WITHOUT_ZONE.has(oid) && format !== 'binary') return String
    return pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

/** pg would make instants of them, by the zone of this process. */
const WITHOUT_ZONE: ReadonlySet<number> = new Set([pg.types.builtins.DATE, pg.types.builtins.TIMESTAMP])

function parseInt8(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

/**
 * Opens lazily: nothing connects before the first statement. A function for the URL is called for each connection, so
 * that a changed password applies to the next one.
 */
export function openWarehouse(url: string | (() => string), options: WarehouseOptions = {}): Warehouse {
  const { onIdleError = () => {}, silenceMs = SILENCE_MS } = options
  const sockets = new Set<Socket>()
  const pool = new pg.Pool({
    types,
    max: 8,
    connectionTimeoutMillis: Math.min(connectTimeoutMs(typeof url === 'string' ? () => url : url), silenceMs),
    keepAlive: true,
    application_name: 'primosync',
    stream: () => openSocket(sockets, silenceMs),
  })
  tryInTurn(pool, typeof url === 'string' ? () => url : url)
  // Without error listeners a server that goes away ends the process (brianc/node-postgres#1324). The pool's listener
  // covers idle connections only, and Kysely adds none to the connections that it uses.
  pool.on('error', onIdleError)
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables & Views>({ dialect: new PostgresDialect({ pool }) })
  return {
    db,
    pool,
    transaction: (work) => transaction(pool, work),
    async close() {
      const cut = () => {
        for (const socket of sockets) socket.destroy()
      }
      const timer = setTimeout(cut, CLOSE_PATIENCE_MS)
      await db.destroy()
      if (!pool.ending) await pool.end() // Kysely does not end a pool that it never used
      clearTimeout(timer)
      cut() // a socket whose closing is not acknowledged would keep the process alive
    },
  }
}

/** `connect_timeout` of the URL, as libpq has it: seconds, at least two; 0 or nothing: this program's own. */
function connectTimeoutMs(url: () => string): number {
  try {
    const seconds = Number(new URLSearchParams(url().split('?')[1]).get('connect_timeout'))
    return seconds > 0 ? Math.max(seconds, 2) * 1000 : CONNECT_TIMEOUT_MS
  } catch {
    return CONNECT_TIMEOUT_MS // the embedded server does not run yet
  }
}

/**
 * pg's own timeouts leave a hanging connection in the pool, where the next statement hangs on it. A timeout of the idle
 * socket ends connection and statement, and does not interrupt a COPY that makes progress.
 */
function openSocket(sockets: Set<Socket>, silenceMs: number): Socket {
  const socket = new Socket()
  socket.setTimeout(silenceMs, () =>
    socket.destroy(new DatabaseAwayError(`The database has not answered for ${silenceMs / 1000} s.`)),
  )
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  return socket
}

async function transaction<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let failure: Error | undefined
  // Only this listener receives the error of a connection that breaks between two statements.
  const onError = (error: Error) => {
    failure = error
  }
  connection.on('error', onError)
  try {
    const db = kyselyOn(connection)
    // In one message with BEGIN; SET LOCAL works behind PgBouncer in transaction mode, too.
    await connection.query(
      `begin isolation level read committed not deferrable; ${PIN_TRANSACTION};
      set local idle_in_transaction_session_timeout = '${IDLE_IN_TRANSACTION_TIMEOUT}';
      set local lock_timeout = '${LOCK_TIMEOUT}'`,
    )
    const result = await work({ db, connection })
    // The results of several statements are a list, which the types of pg do not tell.
    const results = (await connection.query(COMMIT_DURABLY)) as unknown as pg.QueryResult[]
    const command = results.at(-1)?.command
    if (command === 'ROLLBACK') throw new Error('the transaction had failed before its commit')
    return result
  } catch (error) {
    await connection.query('rollback').catch((rollbackError: Error) => {
      failure = rollbackError
    })
    throw error
  } finally {
    connection.off('error', onError)
    connection.release(failure)
  }
}

/** Kysely on one connection, which stays with the caller. */
export function kyselyOn(connection: pg.ClientBase): Db {
  const borrowed = { query: connection.query.bind(connection), release: () => {} }
  const pool = { connect: async () => borrowed, end: async () => {} }
  return new Kysely<Tables & Views>({ dialect: new PostgresDialect({ pool: pool as never }) })
}
