// The wire lies: wrong labels of compression and character set, informational answers, large headers.
import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES, textOf } from '../../src/primotexto/body.ts'
import type { FetchStats } from '../../src/primotexto/client.ts'
import { answer, failureOf, sent, withRun } from './provider.ts'

const JSON_TEXT = sent(925)
const plain = Buffer.from(JSON_TEXT)
const gzip = zlib.gzipSync(plain)
const wide = (text: string, order: 'le' | 'be') => {
  const bytes = Buffer.from(text, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}

describe('the text of a body', () => {
  test.each<[what: string, bytes: Uint8Array, encoding: string]>([
    ['plain', plain, ''],
    ['identity', plain, 'identity'],
    ['UTF-8 as an encoding', plain, 'UTF-8'],
    ['none', plain, 'none'],
    ['an unknown one', plain, 'zip'],
    ['gzip that is none', plain, 'gzip'],
    ['br that is none', plain, 'br'],
    ['zstd that is none', plain, 'zstd'],
    ['deflate that is none', plain, 'deflate'],
    ['gzip', gzip, 'gzip'],
    ['x-gzip', gzip, 'x-gzip'],
    ['GZIP', gzip, ' GZIP '],
    ['"gzip";q=1', gzip, '"gzip";q=1'],
    ['gzip without its name', gzip, ''],
    ['gzip under another name', gzip, 'br'],
    ['gzip, but an unknown name', gzip, 'UTF-8'],
    ['gzip twice, named twice', zlib.gzipSync(gzip), 'gzip, gzip'],
    ['gzip twice, named once', zlib.gzipSync(gzip), 'gzip'],
    ['gzip once, named twice', gzip, 'gzip,gzip'],
    ['gzip twice without its name', zlib.gzipSync(gzip), ''],
    ['deflate', zlib.deflateSync(plain), 'deflate'],
    ['deflate without a header', zlib.deflateRawSync(plain), 'deflate'],
    ['deflate under another name', zlib.deflateSync(plain), 'gzip'],
    ['br', zlib.brotliCompressSync(plain), 'br'],
    ['br under another name', zlib.brotliCompressSync(plain), 'gzip'],
    ['zstd', zlib.zstdCompressSync(plain), 'zstd'],
    ['zstd without its name', zlib.zstdCompressSync(plain), ''],
    ['br in gzip', zlib.gzipSync(zlib.brotliCompressSync(plain)), 'br, gzip'],
    ['identity beside gzip', gzip, 'identity, gzip'],
    ['UTF-16, little end first', wide(JSON_TEXT, 'le'), ''],
    ['UTF-16, big end first', wide(JSON_TEXT, 'be'), ''],
    ['UTF-16 in gzip', zlib.gzipSync(wide(JSON_TEXT, 'le')), 'gzip'],
  ])('%s', (_what, bytes, contentEncoding) => {
    expect(textOf(bytes, { contentEncoding, contentType: 'application/json' })).toBe(JSON_TEXT)
  })

  test.each([
    ['a byte order mark', Buffer.from('\ufeff{}'), '', '\ufeff{}'],
    ['a byte order mark in UTF-16', wide('\ufeff{}', 'le'), '', '\ufeff{}'],
    [
      'UTF-8 under another name',
      Buffer.from('{"a":"é"}'),
      'application/json; charset=iso-8859-1',
      '{"a":"é"}',
    ],
    [
      'Latin-1 by its name',
      Buffer.from('{"a":"é"}', 'latin1'),
      'application/json; charset="ISO-8859-1"',
      '{"a":"é"}',
    ],
    ['Latin-1 without a name', Buffer.from('{"a":"é"}', 'latin1'), 'application/json', '{"a":"\ufffd"}'],
    ['an unknown name', Buffer.from('{"a":"é"}', 'latin1'), 'text/x; charset=klingon', '{"a":"\ufffd"}'],
  ])('%s', (_what, bytes, contentType, expected) => {
    expect(textOf(bytes, { contentEncoding: '', contentType })).toBe(expected)
  })

  test.each(['gzip', 'deflate', 'br', 'zstd', 'none', ''])(
    'is limited when %j is unpacked',
    (contentEncoding) => {
      const bomb = Buffer.from(JSON_TEXT.padEnd(MAX_BODY_BYTES + 1))
      const pack = { deflate: zlib.deflateSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync }
      const bytes = (pack[contentEncoding as keyof typeof pack] ?? zlib.gzipSync)(bomb)
      const read = () => textOf(bytes, { contentEncoding, contentType: '' })
      expect(read).toThrow()
    },
  )
})

describe('on the wire', () => {
  /** An answer as bytes, so that it may be as odd as it likes. */
  const raw = (text: string, use: (fetchStats: FetchStats) => Promise<void>) =>
    withRun((request) => void request.socket.write(text), use)
  const ok = (headers = '') =>
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${plain.length}\r\n\r\n${JSON_TEXT}`
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
  const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n'

  test.each([
    ['100 Continue', `${CONTINUE}${ok()}`],
    ['100 Continue twice', `${CONTINUE}${CONTINUE}${ok()}`],
    ['100 with headers, after 103', `${HINTS}HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n${ok()}`],
    ['102 and 103', `HTTP/1.1 102 Processing\r\n\r\n${HINTS}${ok()}`],
    ['headers of 200 KiB', ok(`X-Policy: ${'p'.repeat(200 * 1024)}\r\n`)],
    ['many cookies', ok(`Set-Cookie: ${'c'.repeat(1000)}\r\n`.repeat(50))],
    ['encodings in two headers', ok('Content-Encoding: none\r\nContent-Encoding: utf-8\r\n')],
    [
      'chunks, trailers',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${plain.length.toString(16)}\r\n${JSON_TEXT}\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ],
  ])('%s is passed over', (_what, text) =>
    raw(text, async (fetchStats) => {
      for (const category of ['a', 'b']) {
        expect(await fetchStats(category)).toMatchObject({ attempts: 1, result: { kind: 'reading' } })
      }
    }),
  )

  test('100 Continue long before the answer', () =>
    withRun(
      (_request, response) => {
        response.writeContinue(() => setImmediate(() => answer(response, 200, JSON_TEXT)))
      },
      async (fetchStats) => {
        for (const category of ['a', 'b']) expect((await fetchStats(category)).attempts).toBe(1)
      },
    ))

  test('headers without end are refused', () =>
    raw(ok(`X-Policy: ${'p'.repeat(300 * 1024)}\r\n`), async (fetchStats) => {
      expect((await failureOf(fetchStats('a'))).class).toBe('network')
    }))
})
