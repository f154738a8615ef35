// From anything thrown to the text for the user and the exit code (contract, section 6).

import { describeDatabase } from '../config/database-url.ts'
import type { Config } from '../config/load.ts'
import { type ExitCode, PrimosyncError, reasonOf } from '../errors.ts'
import { scrub } from '../scrub.ts'
import { safeLines } from '../terminal-text.ts'

export interface Explanation {
  /** For stderr: what happened, then what to do. */
  readonly text: string
  readonly exitCode: ExitCode
}

/** `config` is undefined when the error came before the settings were read. */
export function explain(error: unknown, config: Config | undefined): Explanation {
  const known = error instanceof PrimosyncError ? error : (ofTheSystem(error, config) ?? unexpected(error))
  const stack = config !== undefined && ['debug', 'trace'].includes(config.logLevel) ? stackOf(error) : []
  const hint = known.hint === null ? [] : [`hint: ${known.hint}`]
  const text = [`primosync: ${known.message}`, ...hint, ...stack].join('\n')
  return { text: safeLines(scrub(text, config?.secrets() ?? [])), exitCode: known.exitCode }
}

const unexpected = (error: unknown) =>
  new PrimosyncError(`Unexpected error: ${reasonOf(error)}.`, {
    hint: 'Run it again with LOG_LEVEL=debug to see where it happened, and report it.',
  })

/** An error of the operating system or PostgreSQL in the user's terms; null for anything else. */
function ofTheSystem(error: unknown, config: Config | undefined): PrimosyncError | null {
  const { code, syscall, path, address, port } = systemError(error)
  const database = describeDatabase(config?.databaseUrl ?? null)
  switch (code) {
    case 'EADDRINUSE':
      return new PrimosyncError(`Port ${port} on ${address} is taken.`, {
        hint: 'Choose another port, or 0 for any free one.',
      })
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case '57P03': // the server is starting up
    case '53300': // too many connections
      return new PrimosyncError(`The ${database} cannot be reached: ${reasonOf(error) || code}.`, {
        hint: 'Check that it runs, and DATABASE_URL.',
      })
    case '28P01':
    case '28000':
      return new PrimosyncError(`The ${database} refuses the login: ${reasonOf(error)}.`, {
        hint: 'Check user and password in DATABASE_URL.',
      })
    case '3D000':
      return new PrimosyncError(`The ${database} does not exist.`, {
        hint: 'Create it (createdb), or correct DATABASE_URL.',
      })
    case '42501':
      return new PrimosyncError(`The ${database} does not allow this: ${reasonOf(error)}.`, {
        hint: 'The user of DATABASE_URL must own the database or its primosync schemas.',
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOSPC':
      return path === undefined
        ? null
        : new PrimosyncError(`${path} cannot be used: ${syscall} failed with ${code}.`, {
            hint: 'Make the folder writable and check that there is room, or set PRIMOSYNC_DATA_DIR to another one.',
          })
    default:
      return null
  }
}

type SystemError = Partial<Record<'code' | 'syscall' | 'path' | 'address', string> & { port: number }>

// A system error may be wrapped, or be one of several attempts (IPv6, then IPv4).
function systemError(error: unknown): SystemError {
  if (!(error instanceof Error)) return {}
  if (error instanceof AggregateError) return systemError(error.errors[0])
  return 'code' in error || error.cause === undefined ? (error as SystemError) : systemError(error.cause)
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  return [error.stack ?? error.message, ...stackOf(error.cause).map((stack) => `caused by ${stack}`)]
}
