// The ways in which the provider of the suite answers.
import type { ServerResponse } from 'node:http'
import * as zlib from 'node:zlib'
import type { Dice } from './dice.ts'

export interface Way {
  readonly name: string
  /** Whether its complete answers must be in the warehouse: as snapshots, or rejected. */
  readonly counts: boolean
  answer(response: ServerResponse, total: number, dice: Dice): void
}

const JSON_TYPE = { 'Content-Type': 'application/json;charset=UTF-8' }
const HOUR_MS = 3_600_000
/** Longer than the programs of the suite wait. */
const FOR_EVER_MS = 30_000

const reading = (total: number, more = '') => `{"sent":${total},"delivered":${total},"timespent":1.5${more}}`

function give(response: ServerResponse, status: number, body: string | Uint8Array, headers = {}): void {
  response.writeHead(status, { ...JSON_TYPE, ...headers })
  response.end(body)
}

function way(name: string, counts: boolean, answer: Way['answer']): Way {
  return { name, counts, answer }
}

const status = (code: number, body = '', headers = {}, what = '') =>
  way(`status ${code}${what && `, ${what}`}`, false, (response) => give(response, code, body, headers))

const error = (code: number, apiCode: number) =>
  status(code, `{"code":${apiCode},"message":"told so"}`, {}, `code ${apiCode}`)

/** A reading with additional fields. */
const snapshot = (name: string, more: (total: number) => string) =>
  way(name, true, (response, total) => give(response, 200, reading(total, more(total))))

/** JSON that breaks the rules. The marker makes it unique. */
const rejected = (name: string, body: string) =>
  way(`rejected: ${name}`, true, (response, total) =>
    give(response, 200, body.replaceAll('MARKER', `"marker":${total}`)),
  )

const compressed = (name: string, compress: (text: string) => Uint8Array) =>
  way(`compressed: ${name}`, true, (response, total) =>
    give(response, 200, compress(reading(total)), { 'Content-Encoding': name }),
  )

/** Bytes that are not an HTTP answer. */
const raw = (name: string, bytes: string, thenMs: number | null) =>
  way(name, false, (response) => {
    const { socket } = response
    socket?.write(bytes)
    if (thenMs !== null) setTimeout(() => socket?.destroy(), thenMs)
  })

const later = (response: ServerResponse, ms: number, work: () => void) =>
  setTimeout(() => {
    if (!response.destroyed) work()
  }, ms)

export const WAYS = {
  plain: way('plain', true, (response, total) => give(response, 200, reading(total))),
  revoked: way('key refused', false, (response) =>
    give(response, 401, '{"code":72,"message":"Authentication failed"}'),
  ),
} as const

/** Answers without a reading, which must do no harm. */
export const FAILING: readonly Way[] = [
  ...[400, 404, 406, 408, 413, 418, 500, 502, 503, 504, 599].map((code) => status(code)),
  status(204),
  status(429),
  status(429, '', { 'Retry-After': '1' }, 'Retry-After 1'),
  ...['soon', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT'].map((text) =>
    status(429, '', { 'Retry-After': text }, `Retry-After ${text}`),
  ),
  error(200, 1000),
  error(200, 76),
  error(500, 1000),
  error(200, 45),
  error(400, 47),
  error(400, 73),
  error(200, 4711),
  ...[301, 302, 303, 307, 308].map((code) =>
    status(code, '', { Location: 'http://127.0.0.1:9/elsewhere' }, 'redirect'),
  ),
  status(200, 'NaN', {}, 'NaN'),
  status(200, '{"sent":NaN}', {}, '{"sent":NaN}'),
  status(200, '<html>all is well</html>', { 'Content-Type': 'text/html' }, 'HTML'),
  status(200, '', {}, 'empty'),
  way('UTF-16 body', false, (response, total) => give(response, 200, Buffer.from(reading(total), 'utf16le'))),
  way('body of no gzip', false, (response, total) =>
    give(response, 200, reading(total), { 'Content-Encoding': 'gzip' }),
  ),
  way('gzip cut off', false, (response, total) =>
    give(response, 200, zlib.gzipSync(reading(total)).subarray(0, 12), { 'Content-Encoding': 'gzip' }),
  ),
  way('gzip bomb', false, (response) =>
    give(response, 200, zlib.gzipSync(Buffer.alloc(50 << 20, 32)), { 'Content-Encoding': 'gzip' }),
  ),
  way('body of 50 MB', false, (response) => {
    response.writeHead(200, JSON_TYPE)
    const blanks = Buffer.alloc(1 << 20, 32)
    let left = 50
    const write = () => {
      while (left-- > 0 && !response.destroyed)
        if (!response.write(blanks)) return response.once('drain', write)
      if (!response.destroyed) response.end(reading(1))
    }
    write()
  }),
  way('body cut off', false, (response, total) => {
    const body = reading(total)
    response.writeHead(200, { ...JSON_TYPE, 'Content-Length': body.length })
    response.write(body.slice(0, -4))
    later(response, 5, () => response.destroy())
  }),
  way('body reset', false, (response, total) => {
    response.writeHead(200, JSON_TYPE)
    response.write(reading(total).slice(0, 9))
    later(response, 5, () => response.socket?.resetAndDestroy())
  }),
  way('reset before the answer', false, (response) => void response.socket?.resetAndDestroy()),
  way('closed before the answer', false, (response) => void response.socket?.destroy()),
  raw('not HTTP', '220 mail.example.com ESMTP\r\n', 20),
  raw('status line cut off', 'HTTP/1.1 20', 5),
  raw('two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{"a":1', 20),
  way('huge header', false, (response) => give(response, 500, '', { 'X-Huge': 'x'.repeat(60_000) })),
]

/** Answers that take a whole timeout each. */
export const HANGING: readonly Way[] = [
  way('no answer', false, () => {}),
  way('dripping', false, (response, total) => {
    response.writeHead(200, JSON_TYPE)
    const body = reading(total)
    let at = 0
    const drip = setInterval(() => {
      if (response.destroyed || at >= body.length - 1) clearInterval(drip)
      else response.write(body[at++])
    }, FOR_EVER_MS / body.length)
  }),
  way('headers and no body', false, (response) => void response.writeHead(200, JSON_TYPE).flushHeaders()),
]

/** Odd answers with a valid reading. Each one counts. */
export const ODD: readonly Way[] = [
  compressed('gzip', zlib.gzipSync),
  compressed('x-gzip', zlib.gzipSync),
  compressed('deflate', zlib.deflateSync),
  compressed('br', zlib.brotliCompressSync),
  way('content type text/html', true, (response, total) =>
    give(response, 200, reading(total), { 'Content-Type': 'text/html' }),
  ),
  way('byte order mark', true, (response, total) => give(response, 200, `\ufeff${reading(total)}`)),
  ...[-30, -3, 3, 30].map((hours) =>
    way(`Date ${hours} h off`, true, (response, total) =>
      give(response, 200, reading(total), { Date: new Date(Date.now() + hours * HOUR_MS).toUTCString() }),
    ),
  ),
  way('out of order', true, (response, total, dice) =>
    later(response, dice.between(0, 600), () => give(response, 200, reading(total))),
  ),
  way('byte by byte', true, (response, total) => {
    response.writeHead(200, JSON_TYPE)
    const body = reading(total)
    let at = 0
    const step = () => {
      if (at === body.length) response.end()
      else response.write(body[at++])
      if (!response.writableEnded) later(response, 4, step)
    }
    step()
  }),
  snapshot('unknown fields', () => ',"mms":7,"étiquette":"x"'),
  snapshot('__proto__', () => ',"__proto__":{"isAdmin":true},"constructor":{"prototype":1}'),
  snapshot('control characters', () => ',"\\u0000\\u0007\\u001b[31m":"\\u0000\\ud800\\r\\n=cmd()"'),
  snapshot('nested 1000 deep', () => `,"deep":${'['.repeat(1000)}${']'.repeat(1000)}`),
  snapshot('nested 400,000 deep', () => `,"deep":${'['.repeat(400_000)}${']'.repeat(400_000)}`),
  snapshot('huge numbers', () => `,"huge":1e400,"long":${'9'.repeat(400)},"small":1e-400`),
  snapshot('an extra field of 900 KB', () => `,"text":"${'é'.repeat(450_000)}"`),
  way('invalid UTF-8', true, (response, total) =>
    give(
      response,
      200,
      Buffer.concat([
        Buffer.from(`{"sent":${total},"x":"`),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from('"}'),
      ]),
    ),
  ),
  way('numbers as strings', true, (response, total) =>
    give(response, 200, `{"sent":"${total}","clicks":null}`),
  ),
]

/** Answers that must be in `sync.rejected`. Each one counts. */
export const REJECTED: readonly Way[] = [
  rejected('1e400', '{MARKER,"sent":1e400}'),
  rejected('2^53 + 1', '{MARKER,"sent":9007199254740993}'),
  rejected('negative', '{MARKER,"sent":-1}'),
  rejected('fraction', '{MARKER,"sent":1.5}'),
  rejected('true', '{MARKER,"sent":true}'),
  rejected('object', '{MARKER,"sent":{"x":1}}'),
  rejected('list', '[{MARKER}]'),
  rejected('no counter', '{MARKER}'),
  rejected('NUL and lone surrogates', '{MARKER,"sent":"\\u0000\\ud800"}'),
  rejected('timespent', '{MARKER,"sent":1,"timespent":"18"}'),
  rejected('900 KB', `{MARKER,"sent":"${'x'.repeat(900_000)}"}`),
]
