// What an error of the storing side means: the database cannot be used at the moment, or something else is wrong. No
// run depends on this: the answers are asked for and kept whatever the error is.
import pg from 'pg'
import { DatabaseAwayError, PrimosyncError, reasonOf } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'

// SQLSTATEs that do not depend on our statement, so that it may succeed later. Classes: connection, resources,
// operator intervention, system errors, and transaction conflicts.
const AWAY_CLASSES = ['08', '53', '57', '58', '40']
const AWAY_CODES = [
  '25006', // read-only
  '25P03', // too much time between two statements of a transaction
  '55000', // the database takes no connections
  '55P03', // a lock was not available in time
  '55006', // the database is being dropped or copied
  '42501', // insufficient privilege
  '28P01', // login refused
  '28000',
  '3D000', // no such database
]
const AWAY_SYSTEM_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'EMFILE', // no file descriptor, for a connection or a migration
  'ENFILE',
]
// Codes that an error of a file has, too: no such socket, no permission to use it.
const AWAY_ON_CONNECT = ['ENOENT', 'EACCES']
// TLS: an expired certificate, a server without TLS.
const AWAY_TLS = /^(ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/
// Messages of pg that come without a code.
const AWAY_MESSAGES =
  /connection terminated|connection has been discarded|timeout exceeded when trying to connect|connection error|not queryable|does not support SSL|^SASL/i

/** Whether an error means that the database cannot be used at the moment, whatever the statement. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseAwayError) return true
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway)
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof pg.DatabaseError)
    return AWAY_CODES.includes(code) || AWAY_CLASSES.includes(code.slice(0, 2))
  if (AWAY_ON_CONNECT.includes(code)) return 'syscall' in error && error.syscall === 'connect'
  return AWAY_SYSTEM_CODES.includes(code) || AWAY_TLS.test(code) || AWAY_MESSAGES.test(error.message)
}

/** What pg says where the URL has no password. */
const NO_PASSWORD = /client password must be a string/

/** The error as one for users, if the database is away; any other error unchanged. */
export function asAway(error: unknown): unknown {
  if (!isDatabaseAway(error) || error instanceof DatabaseAwayError) return error
  if (NO_PASSWORD.test(reasonOf(error))) {
    return new DatabaseAwayError('The database asks for a password, and no password was given.', {
      hint: 'Write it into DATABASE_URL (postgres://user:password@host/database), with special characters percent-encoded.',
      cause: error,
    })
  }
  return new DatabaseAwayError(`The database cannot be used: ${reasonOf(error)}.`, {
    hint: `Check that PostgreSQL runs, that DATABASE_URL is right, and that its user may write. ${PROGRAM} doctor checks all of it.`,
    cause: error,
  })
}

/** Any error of the storing side as one for users: why the answers of a run are not stored yet. */
export function asStoringProblem(error: unknown): PrimosyncError {
  const known = asAway(error)
  if (known instanceof PrimosyncError) return known
  return new PrimosyncError(`The database does not take the answers: ${reasonOf(error)}.`, {
    hint: `Run ${PROGRAM} doctor to see what is wrong with it. The answers are stored as soon as it takes them.`,
    cause: error,
  })
}
