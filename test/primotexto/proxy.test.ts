// Through proxies: which is asked, what it refuses, and that nobody sees its password.
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_PROXIES, type Proxies } from '../../src/network/proxies.ts'
import { makeCertificate } from '../helpers/certificate.ts'
import { temporaryFolder } from '../helpers/cli.ts'
import { type HttpProxy, openHttpProxy } from '../helpers/http-proxy.ts'
import { answer, failureOf, never, sent, withClient, withProvider } from './provider.ts'

const CREDENTIALS = 'proxy user:p@ss/w:rd'
const ENCODED = 'proxy%20user:p%40ss%2Fw%3Ard'
const SECRET_PIECES = ['p@ss', 'p%40ss', 'w:rd', Buffer.from(CREDENTIALS).toString('base64')]

async function proxied(credentials?: string): Promise<HttpProxy> {
  const proxy = await openHttpProxy(credentials)
  onTestFinished(() => proxy.die().catch(() => {}))
  return proxy
}

const addressOf = ({ port }: HttpProxy, credentials = '') =>
  `http://${credentials && `${credentials}@`}127.0.0.1:${port}`

const withHttp = (proxies: Partial<Proxies>) => ({ proxies: { ...NO_PROXIES, ...proxies } })

function expectNoSecret(error: Error): void {
  const causes = [error, error.cause].map(
    (each) => `${each} ${(each as Error | undefined)?.stack} ${JSON.stringify(each)}`,
  )
  for (const piece of SECRET_PIECES) expect(causes.join()).not.toContain(piece)
}

describe('an http:// address', () => {
  test('is asked through HTTP_PROXY, with its password, and directly where NO_PROXY says so', () =>
    withProvider(
      (request, response) => answer(response, 200, request.headers['proxy-authorization'] ? '{}' : sent(7)),
      async ({ baseUrl, requests }) => {
        const proxy = await proxied(CREDENTIALS)
        const httpProxy = addressOf(proxy, ENCODED)
        const ask = (proxies: Partial<Proxies>) =>
          withClient({ baseUrl, ...withHttp(proxies) }, (client) => client.run(never)('a b'))
        expect(await ask({ httpProxy })).toMatchObject({ result: { kind: 'reading' }, attempts: 1 })
        expect(proxy.asked).toEqual([`GET ${baseUrl}/messages/stats?category=a%20b`])
        await ask({ httpProxy, noProxy: '127.0.0.1' })
        await ask({ httpsProxy: httpProxy })
        expect([proxy.asked.length, requests.length]).toEqual([1, 3])
      },
    ))
})

describe('an https:// address', () => {
  const folder = () => temporaryFolder()

  test('is asked through HTTPS_PROXY by CONNECT; what the API says is said of the API', async () => {
    const certificate = makeCertificate(folder())
    if (certificate === null) return // no openssl
    const server = createServer(certificate, (_request, response) => answer(response, 200, sent(7)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const proxy = await proxied()
    const httpsProxy = addressOf(proxy)
    await withClient({ baseUrl: `https://${place}/v2`, ...withHttp({ httpsProxy }) }, async (client) => {
      // The authority is not known here; test/cli/proxy.test.ts names it.
      const error = await failureOf(client.run(never)('a'))
      expect(error).toMatchObject({ class: 'network', hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') })
      expect(error.message).toContain(
        `${place} sent no complete answer through the proxy at 127.0.0.1:${proxy.port}`,
      )
    })
    expect(proxy.asked[0]).toBe(`CONNECT ${place}`)
  })
})

describe('what a proxy refuses is class network, in words that name the proxy and not the API', () => {
  const API = 'api.invalid'
  for (const scheme of ['http', 'https'] as const) {
    const proxies = (proxy: HttpProxy, credentials = '') =>
      withHttp({ [`${scheme}Proxy`]: addressOf(proxy, credentials) })
    const failing = (options: ReturnType<typeof withHttp>) =>
      withClient({ baseUrl: `${scheme}://${API}/v2`, ...options }, (client) =>
        failureOf(client.run(never)('a')),
      )

    test.each([
      ['no password', '', /: the proxy at 127\.0\.0\.1:\d+ wants a user and a password$/],
      ['another password', ENCODED, /: the proxy at 127\.0\.0\.1:\d+ refuses the user and the password$/],
    ])(`${scheme}: %s`, async (_what, credentials, words) => {
      const error = await failing(proxies(await proxied('other:one'), credentials))
      expect(error).toMatchObject({ class: 'network', attempts: 3, message: expect.stringMatching(words) })
      expect(error.message).not.toContain(API)
      expect(error.hint).toContain('HTTPS_PROXY')
      expectNoSecret(error)
    })

    test(`${scheme}: the proxy is away`, async () => {
      const proxy = await proxied()
      await proxy.die()
      const error = await failing(proxies(proxy, ENCODED))
      expect(error).toMatchObject({ class: 'network', httpStatus: null, attempts: 3 })
      expect(error.message).toContain(`: the proxy at 127.0.0.1:${proxy.port} cannot be reached: `)
      expect(error.message).not.toContain(API)
      expectNoSecret(error)
    })
  }

  test('CONNECT is refused with 401, as tinyproxy answers a wrong password', async () => {
    const proxy = await proxied()
    proxy.status = 401
    const httpsProxy = addressOf(proxy, ENCODED)
    await withClient({ baseUrl: `https://${API}/v2`, ...withHttp({ httpsProxy }) }, async (client) => {
      const error = await failureOf(client.run(never)('a'))
      expect([error.class, error.message]).toEqual([
        'network',
        expect.stringContaining('refuses the user and the password'),
      ])
    })
  })

  test('CONNECT is refused', async () => {
    const proxy = await proxied()
    proxy.status = 403
    await withClient(
      { baseUrl: `https://${API}/v2`, ...withHttp({ httpsProxy: addressOf(proxy) }) },
      async (client) => {
        const error = await failureOf(client.run(never)('a'))
        expect(error.class).toBe('network')
        expect(error.message).toMatch(/: the proxy at 127\.0\.0\.1:\d+ refuses the connection \(HTTP 403\)$/)
      },
    )
  })

  test('and when it comes back, the next request goes through it', () =>
    withProvider(
      (_request, response) => answer(response, 200, sent(7)),
      async ({ baseUrl }) => {
        const proxy = await proxied()
        await withClient({ baseUrl, ...withHttp({ httpProxy: addressOf(proxy) }) }, async (client) => {
          await client.run(never)('a')
          await proxy.die()
          expect((await failureOf(client.run(never)('a'))).class).toBe('network')
          await proxy.comeBack()
          expect((await client.run(never)('a')).result.kind).toBe('reading')
        })
      },
    ))
})
