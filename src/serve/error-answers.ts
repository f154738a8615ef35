// What went wrong while answering, as a status and a text. Pure.
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { reasonOf } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import type { AccessDenial } from './guard.ts'
import { QueryError } from './query.ts'

export interface ErrorAnswer {
  readonly status: ContentfulStatusCode
  readonly title: string
  readonly message: string
  readonly hint: string
  /** Whether the page may retry by itself. */
  readonly isPassing: boolean
}

const NOT_PREPARED = ['42P01', '3F000', '42703', '42883'] // a table, schema, column or function is not there

export function errorAnswerOf(error: unknown): ErrorAnswer {
  if (error instanceof QueryError) {
    const { message, hint } = error
    return { status: 400, title: 'A wrong address', message, hint: hint ?? '', isPassing: false }
  }
  if (isDatabaseAway(error)) {
    return {
      status: 503,
      title: 'The database is away',
      isPassing: true,
      message: `The database cannot be used at the moment: ${reasonOf(error)}.`,
      hint: `Nothing is lost: the provider’s answers wait in the spool. Check that PostgreSQL runs, or run ${PROGRAM} doctor.`,
    }
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // data exceptions: a date before the year 1, a NUL in a name
  if (/^22...$/.test(code)) {
    return {
      status: 400,
      title: 'A wrong address',
      isPassing: false,
      message: `The address holds a value that the database cannot read: ${reasonOf(error)}.`,
      hint: 'Correct the address, or start again from the overview.',
    }
  }
  if (NOT_PREPARED.includes(code)) {
    return {
      status: 503,
      title: 'Not ready yet',
      isPassing: true,
      message: 'The database does not have the tables of this version yet.',
      hint: `The next tick creates them; to create them now, run: ${PROGRAM} migrate`,
    }
  }
  return {
    status: 500,
    title: 'Something went wrong',
    isPassing: false,
    message: 'An error in primosync kept it from making this page.',
    hint: 'The log of primosync says why. Please report it.',
  }
}

const WHERE_TOKEN =
  'It is the value of HTTP_TOKEN, or where that is not set, in the file http-token of the data folder.'

export function denialAnswerOf(denial: AccessDenial, host: string): ErrorAnswer {
  switch (denial) {
    case 'closed':
      return {
        status: 403,
        title: 'Not open',
        isPassing: false,
        message: `The server listens on ${host}, so others can reach it, and no token is set: only /healthz, /readyz and /metrics are served.`,
        hint: 'Set HTTP_TOKEN (or HTTP_TOKEN_FILE), or set HTTP_HOST=127.0.0.1 to open it for this machine alone.',
      }
    case 'foreign-host':
      return {
        status: 403,
        title: 'Not open',
        isPassing: false,
        message:
          'Without a token the pages are for this machine alone, under the name localhost or 127.0.0.1.',
        hint: 'Set HTTP_TOKEN (or HTTP_TOKEN_FILE) to reach them under another name.',
      }
    case 'too-many-tries':
      return {
        status: 429,
        title: 'Too many tries',
        isPassing: false,
        message: 'Too many wrong tokens came from this address, so further ones are answered slowly.',
        hint: `The right token is let in at any time. ${WHERE_TOKEN}`,
      }
    case 'signed-out':
      return {
        status: 401,
        title: 'Sign in',
        isPassing: false,
        message: 'A token is needed.',
        hint: `Send it as: Authorization: Bearer TOKEN. ${WHERE_TOKEN}`,
      }
  }
}
