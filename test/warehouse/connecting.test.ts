// A DATABASE_URL with several hosts, or with sslmode, is taken as libpq takes it.
import { describe, expect, test } from 'vitest'
import { candidatesOf } from '../../src/postgres-url.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { createTestDatabase } from '../helpers/database.ts'

describe('what a URL stands for', () => {
  const waysOf = (url: string) => candidatesOf(url).map((candidate) => [candidate.host, candidate.url])
  const compat = 'uselibpqcompat=true'

  test.each<[string, [number, string][]]>([
    [
      'postgres://a:b@h1:1,h2/db?sslmode=disable',
      [
        [0, `postgres://a:b@h1:1/db?sslmode=disable&${compat}`],
        [1, `postgres://a:b@h2/db?sslmode=disable&${compat}`],
      ],
    ],
    [
      'postgres://h/db',
      [
        [0, `postgres://h/db?sslmode=prefer&${compat}`],
        [0, `postgres://h/db?sslmode=disable&${compat}`],
      ],
    ],
    [
      'postgres://h/db?sslmode=allow',
      [
        [0, `postgres://h/db?sslmode=disable&${compat}`],
        [0, `postgres://h/db?sslmode=prefer&${compat}`],
      ],
    ],
    ['postgres://h/db?sslmode=verify-full', [[0, `postgres://h/db?sslmode=verify-full&${compat}`]]],
    ['postgres:///db?host=/run', [[0, 'postgres:///db?host=%2Frun']]],
    ['/run db', [[0, '/run db']]],
  ])('%s', (url, expected) => expect(waysOf(url)).toEqual(expected))
})

describe('a server without TLS', () => {
  async function answers(change: (url: URL) => string): Promise<unknown> {
    const database = await createTestDatabase()
    const warehouse = openWarehouse(change(new URL(database.url)))
    try {
      const { rows } = await warehouse.pool.query('select 1 as one')
      return rows[0].one
    } catch (error) {
      return (error as Error).message
    } finally {
      await warehouse.close()
      await database.drop()
    }
  }
  const withMode = (mode: string) => (url: URL) => `${url.href}?sslmode=${mode}`

  test.each(['disable', 'allow', 'prefer'])('sslmode=%s connects', async (mode) => {
    expect(await answers(withMode(mode))).toBe(1)
  })

  test.each(['require', 'verify-full'])('sslmode=%s does not', async (mode) => {
    expect(await answers(withMode(mode))).toContain('does not support SSL')
  })

  test('the second host is used where the first one cannot be reached', async () => {
    const severalHosts = (url: URL) => url.href.replace(url.host, `127.0.0.2:1,${url.host}`)
    expect(await answers((url) => `${severalHosts(url)}?target_session_attrs=read-write`)).toBe(1)
  })

  test('a host that is read-only is not used where one to write to is wanted', async () => {
    const readOnly = 'options=-c%20default_transaction_read_only%3Don'
    expect(await answers((url) => `${url.href}?target_session_attrs=read-write&${readOnly}`)).toContain(
      'read-only',
    )
  })

  test('a wrong password is not tried at the next host', async () => {
    const message = await answers((url) => {
      const { host } = url
      url.password = 'wrong'
      return url.href.replace(host, `${host},127.0.0.2:1`)
    })
    expect(message).toContain('password authentication failed')
  })
})
