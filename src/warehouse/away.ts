// Tells a database that cannot take anything right now from a fault of our own.
import pg from 'pg'
import { DatabaseAwayError, reasonOf } from '../errors.ts'

// Classes of SQLSTATE that say nothing of our statement: it is worth another try later.
const AWAY_CLASSES = ['08', '25', '53', '57', '58', '40']
const AWAY_CODES = ['55P03', '42501', '28P01', '28000', '3D000', '55006']
const AWAY_SYSTEM_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOENT',
  'EAI_AGAIN',
]

/** Whether an error means that the database cannot take anything right now, whatever was asked of it. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseAwayError) return true
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway)
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof pg.DatabaseError)
    return AWAY_CODES.includes(code) || AWAY_CLASSES.includes(code.slice(0, 2))
  if (AWAY_SYSTEM_CODES.includes(code)) return true
  return /connection terminated|timeout exceeded when trying to connect|connection error/i.test(error.message)
}

/** The error as one for people, where the database is away; any other as it is. */
export function asAway(error: unknown): unknown {
  if (!isDatabaseAway(error) || error instanceof DatabaseAwayError) return error
  return new DatabaseAwayError(`The database cannot be used: ${reasonOf(error)}.`, {
    hint: 'Check that PostgreSQL runs, that DATABASE_URL is right, and that its user may write. `primosync doctor` tells more.',
    cause: error,
  })
}
