import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, KEY, never, sent, withClient, withProvider, withRun } from './provider.ts'

describe('the call', () => {
  test('is the provider’s own: path, query, two headers', () =>
    withRun(
      (_request, response) => answer(response, 200, sent(925)),
      async (fetchStats, { requests, baseUrl }) => {
        const before = Date.now()
        const fetched = await fetchStats('codeConfirmation')
        expect(fetched).toMatchObject({
          attempts: 1,
          result: { kind: 'reading', reading: { counters: { 0: 925 } } },
        })
        expect(fetched.observedAt).toBeGreaterThanOrEqual(before)
        expect(fetched.observedAt).toBeLessThanOrEqual(Date.now())
        expect(requests[0]).toMatchObject({
          method: 'GET',
          url: '/v2/messages/stats?category=codeConfirmation',
        })
        expect(requests[0]?.headers).toEqual({
          host: new URL(baseUrl).host,
          connection: 'keep-alive',
          'x-primotexto-apikey': KEY,
          'content-type': 'application/json',
        })
        expect(requests[0]?.rawHeaders).toContain('X-Primotexto-ApiKey')
      },
    ))

  test.each([
    'two words',
    'été à Noël',
    'R&D/2026+x=y?#%41',
    '😀 🏴‍☠️',
    '\t\r\n\u0001',
    ' untrimmed ',
    `"it's" \\ `.repeat(20),
    '__proto__',
    '../../account/stats',
  ])('carries the category %j', (category) =>
    withRun(
      (_request, response) => answer(response, 200, sent(1)),
      async (fetchStats, provider) => {
        await fetchStats(category)
        expect(provider.categories()).toEqual([category])
      },
    ),
  )

  test('a slash at the end of the base address makes no difference', () =>
    withProvider(
      (_request, response) => answer(response, 200, sent(1)),
      ({ baseUrl, requests }) =>
        withClient({ baseUrl: `${baseUrl}/` }, async (client) => {
          await client.run(never)('a')
          expect(requests[0]?.url).toBe('/v2/messages/stats?category=a')
        }),
    ))

  test('connections are kept alive from run to run', () =>
    withRun(
      (_request, response) => answer(response, 200, sent(1)),
      async (fetchStats, { requests }, client) => {
        await fetchStats('a')
        await fetchStats('b')
        for (const category of ['c', 'd', 'e', 'f']) await client.run(never)(category)
        // The next request may begin before the connection of the one before is free again.
        expect(new Set(requests.map((request) => request.socket)).size).toBeLessThanOrEqual(2)
      },
      { concurrency: 1 },
    ))

  test('the key is read once a run', () => {
    const keys = ['old', 'new']
    return withRun(
      (_request, response) => answer(response, 200, sent(1)),
      async (fetchStats, { requests }, client) => {
        await Promise.all([fetchStats('a'), fetchStats('b')])
        await client.run(never)('c')
        expect(requests.map((request) => request.headers['x-primotexto-apikey'])).toEqual([
          'old',
          'old',
          'new',
        ])
      },
      { apiKey: () => keys.shift() ?? 'none left' },
    )
  })
})

describe('a body', () => {
  const text = '{"sent":3,"label":"é"}'
  const compressed = (encoding: string) => ({ 'Content-Encoding': encoding })
  test.each<[string, string | Uint8Array, object]>([
    ['plain', text, {}],
    ['with a byte order mark', `\ufeff${text}`, {}],
    ['gzip', gzipSync(text), compressed('gzip')],
    ['gzip by its old name', gzipSync(text), compressed('X-GZip')],
    ['deflate', deflateSync(text), compressed('deflate')],
    ['deflate without a header', deflateRawSync(text), compressed('deflate')],
    ['brotli', brotliCompressSync(text), compressed('br')],
    ['said to be as it is', text, compressed('identity')],
    ['of exactly 1 MiB', text.padEnd(2 ** 20 - 1), {}],
  ])('%s is read', (_what, body, headers) =>
    withRun(
      (_request, response) => answer(response, 200, body, headers),
      async (fetchStats) => {
        expect(await fetchStats('a')).toMatchObject({ result: { reading: { extra: '{"label":"é"}' } } })
      },
    ),
  )

  test('that is no UTF-8 is mended', () =>
    withRun(
      (_request, response) => answer(response, 200, Buffer.from('{"sent":1,"label":"\xe9"}', 'latin1')),
      async (fetchStats) => {
        expect(await fetchStats('a')).toMatchObject({ result: { reading: { extra: '{"label":"\ufffd"}' } } })
      },
    ))

  test('that breaks the rules is handed over with the reason', () =>
    withRun(
      (_request, response) => answer(response, 200, '{"sent":-1}'),
      async (fetchStats, { requests }) => {
        expect(await fetchStats('a')).toMatchObject({
          attempts: 1,
          result: { kind: 'rejected', reason: expect.stringContaining('sent is -1'), body: '{"sent":-1}' },
        })
        expect(requests).toHaveLength(1)
      },
    ))
})
