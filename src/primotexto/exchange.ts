// Sends one request and reads its whole answer, within one timeout and one size limit. Follows no redirects.

import * as zlib from 'node:zlib'
import { type Dispatcher, errors } from 'undici'
import { reasonOf } from '../errors.ts'

/** The largest body that is read, on the wire and decompressed. */
export const MAX_BODY_BYTES = 1024 * 1024

export interface Request {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** From the call to the last byte. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Exchange {
  readonly status: number
  /** UTF-8, with U+FFFD for what is invalid; empty if it is unreadable and the status is no success. */
  readonly body: string
  readonly retryAfter: string | undefined
  /** When the answer was complete, in epoch milliseconds. */
  readonly observedAt: number
}

/** No usable answer: missing or incomplete (`network`), or a success with an unreadable body (`server`). */
export interface Broken {
  readonly broken: 'network' | 'server'
  readonly status: number | null
  readonly reason: string
  readonly cause: unknown
}

/** GETs `request.path`. Throws only if `request.signal` is aborted: the reason of the signal, at once. */
export async function exchange(dispatcher: Dispatcher, request: Request): Promise<Exchange | Broken> {
  const { path, headers, timeoutMs, signal } = request
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error(`timeout after ${timeoutMs} ms`)), timeoutMs)
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop)

  let status: number | null = null
  let retryAfter: string | undefined
  let isComplete = false
  try {
    const response = await dispatcher.request({ method: 'GET', path, headers, signal: limit.signal })
    status = response.statusCode
    retryAfter = response.headers['retry-after']?.toString()
    const bytes = await response.body.bytes()
    isComplete = true
    const observedAt = Date.now()
    const body = decoded(bytes, response.headers['content-encoding']?.toString())
    return { status, body, retryAfter, observedAt }
  } catch (cause) {
    signal.throwIfAborted()
    if (status !== null && (status < 200 || status > 299)) {
      return { status, body: '', retryAfter, observedAt: Date.now() }
    }
    const isUnreadable = isComplete || cause instanceof errors.ResponseExceededMaxSizeError
    return { broken: isUnreadable ? 'server' : 'network', status, reason: reasonOf(cause), cause }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** Returns the text of a body. No compression is requested, but a proxy may compress it. */
function decoded(bytes: Uint8Array, encoding = ''): string {
  const { buffer, byteOffset, byteLength } = decompressed(bytes, encoding.trim().toLowerCase())
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
}

function decompressed(bytes: Uint8Array, encoding: string): Uint8Array {
  const limit = { maxOutputLength: MAX_BODY_BYTES }
  switch (encoding) {
    case '':
    case 'identity':
      return bytes
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, limit)
    case 'deflate':
      // Some servers omit the zlib header, whose low four bits are always 8.
      return ((bytes[0] ?? 0) & 0x0f) === 8
        ? zlib.inflateSync(bytes, limit)
        : zlib.inflateRawSync(bytes, limit)
    case 'br':
      return zlib.brotliDecompressSync(bytes, limit)
    default:
      throw new Error(`unknown content encoding ${encoding}`)
  }
}
