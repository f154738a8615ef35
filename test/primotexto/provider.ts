// A stand-in for the provider that a test makes misbehave, and a client of it: real HTTP, on a free port.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError } from '../../src/primotexto/api-error.ts'
import {
  type Client,
  type ClientOptions,
  createClient,
  type FetchStats,
} from '../../src/primotexto/client.ts'

export interface Provider {
  readonly baseUrl: string
  /** Every request so far, in the order of arrival. */
  readonly requests: IncomingMessage[]
  /** The decoded `category` of each. */
  categories(): (string | null)[]
}

/** Serves while `use` runs, then closes every connection. */
export async function withProvider<T>(
  respond: RequestListener,
  use: (provider: Provider) => Promise<T>,
): Promise<T> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    respond(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const baseUrl = `http://127.0.0.1:${port}/v2`
  try {
    return await use({ baseUrl, requests, categories: () => requests.map((request) => categoryOf(request)) })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

export function categoryOf(request: IncomingMessage): string | null {
  return new URL(request.url ?? '', 'http://localhost').searchParams.get('category')
}

/** A whole answer. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  headers = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json;charset=UTF-8', ...headers })
  response.end(body)
}

export const KEY = 'key-0123456789'
const RETRY = { retries: 2, minDelayMs: 1, maxDelayMs: 2 }
export const never = new AbortController().signal

/** A client that retries at once, closed after use. */
export async function withClient<T>(
  options: Partial<ClientOptions>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient({
    apiKey: () => KEY,
    baseUrl: 'http://127.0.0.1:9',
    timeoutMs: 10_000,
    concurrency: 8,
    ratePerSecond: null,
    retry: RETRY,
    ...options,
  })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** One run of a client against a provider that responds so. */
export function withRun<T>(
  respond: RequestListener,
  use: (fetchStats: FetchStats, provider: Provider, client: Client) => Promise<T>,
  options: Partial<ClientOptions> = {},
  signal = never,
): Promise<T> {
  return withProvider(respond, (provider) =>
    withClient({ baseUrl: provider.baseUrl, ...options }, (client) =>
      use(client.run(signal), provider, client),
    ),
  )
}

/** The ApiError that a promise rejects with; throws if it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason) => reason,
  )
  if (!(error instanceof ApiError)) throw error
  return error
}

export const sent = (count: number) => JSON.stringify({ sent: count })
