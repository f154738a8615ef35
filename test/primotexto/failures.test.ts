import { once } from 'node:events'
import type { RequestListener, ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, failureOf, KEY, never, sent, withClient, withProvider, withRun } from './provider.ts'

describe('failures', () => {
  const tooLarge = sent(1).padEnd(2 ** 20 + 1)
  const drip: RequestListener = (_request, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(timer))
  }
  const compressed = (r: ServerResponse, body: string | Uint8Array, encoding: string) =>
    answer(r, 200, body, { 'Content-Encoding': encoding })
  const cutOff = (r: ServerResponse, headers = {}) => {
    r.writeHead(200, headers)
    r.write(sent(1), () => r.destroy())
  }
  test.each<[string, string, number | null, number | null, number, RequestListener]>([
    ['wrong key', 'authentication', 401, null, 1, (_, r) => answer(r, 401, '')],
    ['wrong key, on a 200', 'authentication', 200, 72, 1, (_, r) => answer(r, 200, '{"code":72}')],
    ['wrong key, too large', 'authentication', 401, null, 1, (_, r) => answer(r, 401, tooLarge)],
    ['no credits', 'account', 403, 71, 1, (_, r) => answer(r, 403, '{"code":71}')],
    ['unknown campaign', 'category', 404, 47, 1, (_, r) => answer(r, 404, '{"code":47}')],
    ['bad request', 'request', 400, null, 1, (_, r) => answer(r, 400, '')],
    ['quota', 'throttled', 400, 76, 3, (_, r) => answer(r, 400, '{"code":76}')],
    ['too many requests', 'throttled', 429, null, 3, (_, r) => answer(r, 429, '')],
    ['request timeout', 'server', 408, null, 3, (_, r) => answer(r, 408, '')],
    ['maintenance', 'server', 503, null, 3, (_, r) => answer(r, 503, '<html>')],
    ['unknown error', 'server', 500, 1000, 3, (_, r) => answer(r, 500, '{"code":1000}')],
    ['garbage', 'server', 200, null, 3, (_, r) => answer(r, 200, '<html>')],
    ['nothing', 'server', 204, null, 3, (_, r) => answer(r, 204, '')],
    ['too large', 'server', 200, null, 3, (_, r) => answer(r, 200, tooLarge)],
    ['too large inside', 'server', 200, null, 3, (_, r) => compressed(r, gzipSync(tooLarge), 'gzip')],
    [
      'broken gzip',
      'server',
      200,
      null,
      3,
      (_, r) => compressed(r, gzipSync(sent(1)).subarray(0, -6), 'gzip'),
    ],
    ['garbage of an unknown compression', 'server', 200, null, 3, (_, r) => compressed(r, '<html>', 'zip')],
    ['cut off', 'network', 200, null, 3, (_, r) => cutOff(r, { 'Content-Length': 99 })],
    ['cut off between chunks', 'network', 200, null, 3, (_, r) => cutOff(r)],
    ['reset', 'network', null, null, 3, (q) => q.socket.resetAndDestroy()],
    ['no HTTP', 'network', null, null, 3, (q) => q.socket.end('220 smtp ready\r\n')],
  ])('%s is of class %s', (_what, expected, httpStatus, apiCode, attempts, respond) =>
    withRun(respond, async (fetchStats, { requests, baseUrl }) => {
      const error = await failureOf(fetchStats('spring "sale"'))
      expect(error).toMatchObject({
        class: expected,
        category: 'spring "sale"',
        httpStatus,
        apiCode,
        attempts,
      })
      expect(error.message).toContain('"spring \\"sale\\""')
      expect(error.message).toContain(new URL(baseUrl).host)
      expect(error.hint).not.toBe(null)
      expect(requests).toHaveLength(attempts)
    }),
  )

  test.each<[string, RequestListener]>([
    ['headers that do not come', () => {}],
    ['a body that drips', drip],
  ])('%s: the time limit covers it', (_what, respond) =>
    withRun(
      respond,
      async (fetchStats, { requests }) => {
        const error = await failureOf(fetchStats('a'))
        expect(error).toMatchObject({ class: 'network', attempts: 3 })
        expect(error.message).toContain('timeout after 100 ms')
        expect(requests).toHaveLength(3)
      },
      { timeoutMs: 100 },
    ),
  )

  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await withClient({ baseUrl: `http://127.0.0.1:${port}/v2` }, async (client) => {
      const error = await failureOf(client.run(never)('a'))
      expect(error).toMatchObject({ class: 'network', httpStatus: null, attempts: 3 })
      expect(error.message).toContain('ECONNREFUSED')
    })
  })

  test('a redirect is not followed: the key goes nowhere else', () =>
    withProvider(
      (_request, response) => answer(response, 200, sent(1)),
      (elsewhere) =>
        withRun(
          (_request, response) =>
            answer(response, 302, '', { Location: `${elsewhere.baseUrl}/messages/stats` }),
          async (fetchStats, { requests }) => {
            expect(await failureOf(fetchStats('a'))).toMatchObject({
              class: 'request',
              httpStatus: 302,
              attempts: 1,
            })
            expect(requests).toHaveLength(1)
            expect(elsewhere.requests).toEqual([])
          },
        ),
    ))

  test.each([
    ['an error', 401, JSON.stringify({ code: 72, message: `wrong key ${KEY}` })],
    ['a rejected answer', 200, JSON.stringify({ sent: KEY })],
  ])('%s never tells the key, even if the provider does', (_what, status, body) =>
    withRun(
      (_request, response) => answer(response, status, body),
      async (fetchStats) => {
        const outcome = await fetchStats('a').catch((error) => [
          error.message,
          error.stack,
          JSON.stringify(error),
        ])
        expect(JSON.stringify(outcome)).toContain('[API key]')
        expect(JSON.stringify(outcome)).not.toContain(KEY)
      },
    ),
  )
})
