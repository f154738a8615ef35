// Sends one request and reads its whole answer, within one timeout and one size limit. Follows no redirects.

import { type Dispatcher, errors } from 'undici'
import { reasonOf } from '../errors.ts'
import { textOf } from './body.ts'
import { httpDate } from './retry-after.ts'

export interface Request {
  /** `https://host:port` */
  readonly origin: string
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
  /** What the provider's clock said (the Date header); null if it said nothing. */
  readonly date: Date | null
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
  const { origin, path, headers, timeoutMs, signal } = request
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error(`timeout after ${timeoutMs} ms`)), timeoutMs)
  const stop = () => limit.abort(signal.reason)
  signal.addEventListener('abort', stop)

  let status: number | null = null
  let retryAfter: string | undefined
  let date: Date | null = null
  let isComplete = false
  try {
    const response = await dispatcher.request({ method: 'GET', origin, path, headers, signal: limit.signal })
    status = response.statusCode
    retryAfter = response.headers['retry-after']?.toString()
    date = dateOf(response.headers.date?.toString())
    const bytes = await response.body.bytes()
    isComplete = true
    const observedAt = Date.now()
    const body = textOf(bytes, {
      contentEncoding: response.headers['content-encoding']?.toString() ?? '',
      contentType: response.headers['content-type']?.toString() ?? '',
    })
    return { status, body, retryAfter, date, observedAt }
  } catch (cause) {
    signal.throwIfAborted()
    if (status !== null && (status < 200 || status > 299)) {
      return { status, body: '', retryAfter, date, observedAt: Date.now() }
    }
    const isUnreadable = isComplete || cause instanceof errors.ResponseExceededMaxSizeError
    return { broken: isUnreadable ? 'server' : 'network', status, reason: reasonOf(cause), cause }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

function dateOf(header = ''): Date | null {
  const at = httpDate(header.trim())
  return Number.isNaN(at) ? null : new Date(at)
}
