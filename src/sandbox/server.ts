// A stand-in for the provider: a real HTTP server with the same API, for demos, tests and load tests.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { accountStatsAt } from './account.ts'
import { type Fault, type FaultRates, faultChooser, NO_FAULTS } from './faults.ts'
import { NO_STATS, statsAt } from './lives.ts'

/** The API key that the sandbox accepts. It is valid nowhere else. */
export const SANDBOX_API_KEY = 'sandbox'

const STATS_PATH = '/v2/messages/stats'
const ACCOUNT_PATH = '/v2/account/stats'
const JSON_TYPE = 'application/json;charset=UTF-8'
const RETRY_AFTER_SECONDS = 1

export interface SandboxOptions {
  /** 0: any free one. */
  readonly port: number
  readonly host?: string
  readonly seed: number
  /** The delay of every answer. */
  readonly latencyMs?: number
  readonly faults?: FaultRates
  readonly apiKey?: string
  /** The clock of the totals, epoch milliseconds. */
  readonly now?: () => number
}

export interface Sandbox {
  /** The value for PRIMOTEXTO_BASE_URL, including `/v2`. */
  readonly url: string
  readonly port: number
  /** Stops listening and breaks all connections. */
  close(): Promise<void>
}

/** Starts the sandbox. Rejects with a PrimosyncError if it cannot listen. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { port, host = '127.0.0.1', latencyMs = 0 } = options
  const answer = answerer(options)
  const server = createServer((request, response) => {
    if (latencyMs === 0) answer(request, response)
    // unref: an answer to a closed connection must not keep the process alive
    else setTimeout(answer, latencyMs, request, response).unref()
  })
  await listen(server, port, host)
  const { port: listeningOn } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listeningOn}/v2`,
    port: listeningOn,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The sandbox cannot listen on ${host}, port ${port}: ${reasonOf(cause)}.`
      reject(
        new PrimosyncError(message, {
          hint: 'Choose another port with --port. 0 chooses any free one.',
          cause,
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

/** Returns a handler that answers like the provider, or with the fault that is chosen for the request. */
function answerer(options: SandboxOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { seed, faults = NO_FAULTS, apiKey = SANDBOX_API_KEY, now = Date.now } = options
  const errorAnswerOf = faultChooser(faults, seed)
  let requests = 0
  return (request, response) => {
    const [path, query] = cutAtFirst(request.url ?? '', '?')
    if (path !== STATS_PATH && path !== ACCOUNT_PATH) return sendError(response, 404, 404, 'Not found')
    if (request.method !== 'GET') return sendError(response, 405, 405, 'Method not allowed')
    if (request.headers['x-primotexto-apikey'] !== apiKey) {
      return sendError(response, 401, 72, 'Authentication failed')
    }
    const fault = errorAnswerOf(requests++)
    if (fault) return MISBEHAVE[fault](response)
    if (path === ACCOUNT_PATH) return send(response, 200, JSON.stringify(accountStatsAt(now(), seed)))
    const category = new URLSearchParams(query).get('category') ?? ''
    // The provider does not document its answer for an unknown category. Zeros are the sum over no messages, and
    // the answer that misleads a client most easily.
    send(response, 200, JSON.stringify(statsAt(category, now(), seed) ?? NO_STATS))
  }
}

function cutAtFirst(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Sends an answer without a Content-Length, so that Node sends it in chunks, as the provider does. */
function send(response: ServerResponse, status: number, body: string, contentType = JSON_TYPE): void {
  response.writeHead(status, { 'Content-Type': contentType })
  response.end(body)
}

function sendError(response: ServerResponse, status: number, code: number, message: string): void {
  send(response, status, JSON.stringify({ code, message }))
}

const MISBEHAVE: Readonly<Record<Fault, (response: ServerResponse) => void>> = {
  '500': (response) => sendError(response, 500, 1000, 'Unknown error'),
  '503': (response) => send(response, 503, '<html><h1>503 Service Unavailable</h1></html>', 'text/html'),
  '429': (response) => {
    response.setHeader('Retry-After', RETRY_AFTER_SECONDS)
    sendError(response, 429, 76, 'Quota exceeded')
  },
  timeout: () => {}, // the connection stays open until the client gives up
  cut: (response) => {
    response.writeHead(200, { 'Content-Type': JSON_TYPE })
    const half = JSON.stringify(NO_STATS).slice(0, 40)
    response.write(half, () => response.destroy())
  },
  garbage: (response) => send(response, 200, '{"sent":925,"submitted":\u0000\u{fffd}NaN,,'),
  error200: (response) => sendError(response, 200, 1000, 'Unknown error'),
}
