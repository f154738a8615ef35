import { describe, expect, test } from 'vitest'
import { explain } from '../../src/cli/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import { PrimosyncError, UsageError } from '../../src/errors.ts'
import { temporaryFolder } from '../helpers/cli.ts'

const configWith = (env: Record<string, string> = {}) =>
  loadConfig({
    env: {
      DATABASE_URL: 'postgres://me:hunter22@db.example:6543/sms',
      PRIMOTEXTO_API_KEY: 'k3y-of-mine',
      ...env,
    },
    cwd: temporaryFolder(),
  })

const systemError = (facts: object, message = 'connect failed') => Object.assign(new Error(message), facts)

describe('an error of our own', () => {
  test('is its message, its hint and its exit code', () => {
    const error = new PrimosyncError('it broke', { hint: 'mend it', exitCode: 3 })
    expect(explain(error, undefined)).toEqual({ text: 'primosync: it broke\nhint: mend it', exitCode: 3 })
  })

  test('of usage ends with 2', () => expect(explain(new UsageError('no'), undefined).exitCode).toBe(2))

  test('cannot show a key, a password or an escape sequence that slipped into it', () => {
    const error = new PrimosyncError('k3y-of-mine, hunter22 \u001b[2J')
    expect(explain(error, configWith()).text).toBe('primosync: [secret], [secret] \\u001b[2J')
  })
})

describe('an error of the system or of PostgreSQL', () => {
  for (const [code, part] of [
    ['ECONNREFUSED', 'The database "sms" on db.example:6543 cannot be reached'],
    ['ENOTFOUND', 'The database "sms" on db.example:6543 cannot be reached'],
    ['57P03', 'The database "sms" on db.example:6543 cannot be reached'],
    ['28P01', 'database "sms" on db.example:6543 refuses the login'],
    ['3D000', 'database "sms" on db.example:6543 does not exist'],
    ['42501', 'database "sms" on db.example:6543 does not allow this'],
  ] as const) {
    test(`${code} says where, and no password`, () => {
      const { text, exitCode } = explain(systemError({ code }), configWith())
      expect(text).toContain(part)
      expect(text).toMatch(/\nhint: /)
      expect(text).not.toContain('hunter22')
      expect(exitCode).toBe(1)
    })
  }

  test('of several attempts at an address is found inside', () => {
    const error = new AggregateError([systemError({ code: 'ECONNREFUSED' })])
    expect(explain(error, configWith()).text).toContain('cannot be reached')
  })

  test('wrapped in another is found inside', () => {
    const error = new Error('query failed', { cause: systemError({ code: '3D000' }) })
    expect(explain(error, configWith()).text).toContain('does not exist')
  })

  test('port taken, folder read-only', () => {
    const taken = systemError({ code: 'EADDRINUSE', address: '127.0.0.1', port: 8080 })
    expect(explain(taken, configWith()).text).toContain('Port 8080 on 127.0.0.1 is taken')
    const readOnly = systemError({ code: 'EROFS', syscall: 'mkdir', path: '/srv/data' })
    expect(explain(readOnly, configWith()).text).toContain(
      '/srv/data cannot be used: mkdir failed with EROFS.',
    )
  })
})

describe('anything else', () => {
  const bug = new TypeError('x is not a function', { cause: new Error('deep down') })

  test('is short, and ends with 1', () => {
    const { text, exitCode } = explain(bug, configWith())
    expect(text).toMatch(/^primosync: Unexpected error: x is not a function\.\nhint: .*LOG_LEVEL=debug/)
    expect(text).not.toContain('    at ')
    expect(exitCode).toBe(1)
  })

  for (const level of ['debug', 'trace']) {
    test(`shows where it happened at LOG_LEVEL=${level}`, () => {
      const { text } = explain(bug, configWith({ LOG_LEVEL: level }))
      expect(text).toContain('    at ')
      expect(text).toContain('caused by Error: deep down')
    })
  }

  test('may even be no error', () => expect(explain('oops', undefined).text).toContain('oops'))
})
