// What counts as a database that is away, so that asking goes on and the answers wait.
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { isDatabaseAway } from '../../src/warehouse/away.ts'

const failure = (message: string, facts: object = {}) => Object.assign(new Error(message), facts)
const refusal = (code: string) => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code })

describe('away', () => {
  test.for([
    failure('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }),
    failure('connect ENOENT /run/postgresql/.s.PGSQL.5432', { code: 'ENOENT', syscall: 'connect' }),
    failure('EMFILE: too many open files, open 0004.sql', { code: 'EMFILE', syscall: 'open' }),
    failure('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
    failure('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    failure("Hostname/IP does not match certificate's altnames", { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    failure('write EPROTO', { code: 'EPROTO', syscall: 'write' }),
    failure('The server does not support SSL connections'),
    failure('Connection terminated unexpectedly'),
    failure('Postgres connection has been discarded'), // Kysely, in the middle of a migration
    new AggregateError([failure('connect ECONNREFUSED', { code: 'ECONNREFUSED' })]),
    ...[
      '08006',
      '53100',
      '53300',
      '57014',
      '57P01',
      '58030',
      '40P01',
      '25006',
      '42501',
      '28P01',
      '3D000',
    ].map(refusal),
  ])('%s', (error) => expect(isDatabaseAway(error)).toBe(true))
})

describe('not away', () => {
  test.for([
    failure('ENOENT: no such file or directory, scandir', { code: 'ENOENT', syscall: 'scandir' }),
    failure('EACCES: permission denied, open', { code: 'EACCES', syscall: 'open' }),
    new TypeError('x is not a function'),
    ...['42P01', '42703', '23505', '22003'].map(refusal),
    'a text',
  ])('%s', (error) => expect(isDatabaseAway(error)).toBe(false))
})
