// Asks the provider for the totals of categories, with the retries, concurrency and rate limit of one account.
// The API call: https://www.primotexto.com/api/, "Statistiques des SMS (par catégorie)".

import { setTimeout as delay } from 'node:timers/promises'
import PQueue from 'p-queue'
import pRetry, { type RetryContext } from 'p-retry'
import { type Dispatcher, Pool } from 'undici'
import { type Answer, type ErrorClass, oneLine, readAnswer } from './answer.ts'
import { ApiError } from './api-error.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { exchange, MAX_BODY_BYTES } from './exchange.ts'
import { createPace } from './pace.ts'
import { retryAfterMs } from './retry-after.ts'

export interface ClientOptions {
  /** Called once per run, so a changed key file takes effect with the next run. */
  readonly apiKey: () => string
  readonly baseUrl: string
  /** For one request, from its start to the last byte of its answer. */
  readonly timeoutMs: number
  /** The most requests at a time. */
  readonly concurrency: number
  /** Requests started per second, retries included; null for no limit. */
  readonly ratePerSecond: number | null
  readonly retry?: RetryOptions
  readonly watcher?: ClientWatcher
}

/** Receives the outcomes of requests. Its methods must not throw. */
export interface ClientWatcher {
  /** Called after every request that was not ended by a stop, including those that are retried. */
  onRequest(durationMs: number, outcome: RequestOutcome): void
  /** Called for every category that has no answer after all retries. */
  onFailure(failureClass: ErrorClass): void
}

/** `reading` or `rejected` for an answer, else the class of the error. */
export type RequestOutcome = Fetched['result']['kind'] | ErrorClass

export interface RetryOptions {
  /** The most requests after the first one. */
  readonly retries: number
  /** The first wait; each further one is twice as long, and all are multiplied by a random factor of 1 to 2. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

const RETRY: RetryOptions = { retries: 3, minDelayMs: 500, maxDelayMs: 8_000 }

/** Shorter keys are not masked in answers: they protect nothing, and are found in any number. */
const SHORTEST_KEY = 8

/** The answer of the provider for one category. */
export interface Fetched {
  /** When the answer was complete, by this machine's clock, in epoch milliseconds. */
  readonly observedAt: number
  readonly attempts: number
  readonly result: Exclude<Answer, { kind: 'error' }>
}

/**
 * Asks for one category. Rejects with an ApiError. When the run's signal is aborted, it rejects with the reason of the
 * signal at once, even while the category waits for its turn, for a retry or for its answer.
 */
export type FetchStats = (category: string) => Promise<Fetched>

export interface Client {
  /**
   * Begins a run. Concurrency and rate limit apply to all of its categories together. A run ends early if the account
   * is refused (`endsRun`) or the provider answers nothing (see circuit.ts): no further request is sent, and the
   * remaining categories reject with an ApiError of the same class, whose `cause` is the error that ended the run.
   * After a refusal the next run begins as usual; at a dead provider it asks for one category at a time.
   */
  run(signal: AbortSignal): FetchStats
  /** Closes the connections. Call it when no run is under way. */
  close(): Promise<void>
}

/** Makes the client of one account. It opens no connection before the first request. */
export function createClient(options: ClientOptions): Client {
  const pool = new Pool(new URL(options.baseUrl).origin, {
    connections: options.concurrency,
    allowH2: false,
    maxResponseSize: MAX_BODY_BYTES,
    connect: { timeout: options.timeoutMs },
    // exchange() has one limit for the whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const circuit = createCircuit()
  return { run: (signal) => startRun(pool, circuit, options, signal), close: () => pool.destroy() }
}

function startRun(
  dispatcher: Dispatcher,
  circuit: Circuit,
  options: ClientOptions,
  signal: AbortSignal,
): FetchStats {
  const ask = asker(dispatcher, options)
  const refusal = new AbortController()
  const stop = AbortSignal.any([signal, refusal.signal])
  const queue = new PQueue({ concurrency: options.concurrency })
  // One per run, because requests that a run gave up would otherwise delay the next run.
  const pace = createPace(options.ratePerSecond)
  // Paused while the provider is in doubt. Retries go on.
  const firstTries = new PQueue({ concurrency: circuit.isOpen ? 1 : options.concurrency })
  circuit.beginRun()
  const { watcher, retry: { retries, minDelayMs, maxDelayMs } = RETRY } = options

  async function shouldRetry({ error, retryDelay }: RetryContext): Promise<boolean> {
    if (!(error instanceof ApiError && error.isTransient) || circuit.isOpen) return false
    // p-retry does not know Retry-After, so the part that exceeds p-retry's own delay is waited for here.
    const furtherMs = (error.retryAfterMs ?? 0) - retryDelay
    if (furtherMs > 0) await delay(furtherMs, undefined, { signal: stop })
    return true
  }

  /** Called while the slot is still taken, so that no further request starts before the circuit has decided. */
  function noteOutcome(category: string, failure: ApiError | null, attempts: number): void {
    const isLastTry = failure !== null && (!failure.isTransient || circuit.isOpen || attempts > retries)
    const verdict = circuit.note(category, failure?.class ?? null, isLastTry)
    firstTries.concurrency = circuit.isOpen ? 1 : options.concurrency
    if (verdict === 'dead' || failure?.endsRun) refusal.abort(failure)
    else if (verdict === 'in doubt') firstTries.pause()
    else firstTries.start()
  }

  return async (category) => {
    let attempts = 0
    async function attempt(): Promise<Fetched> {
      await pace(stop)
      const startedAt = performance.now()
      const report = (outcome: RequestOutcome) => watcher?.onRequest(performance.now() - startedAt, outcome)
      try {
        const fetched = await ask(category, ++attempts, stop)
        report(fetched.result.kind)
        noteOutcome(category, null, attempts)
        return fetched
      } catch (error) {
        if (error instanceof ApiError) {
          report(error.class)
          noteOutcome(category, error, attempts)
        }
        throw error
      }
    }
    try {
      // At a dead provider the categories are chosen at random, as some may be the cause themselves.
      const priority = circuit.isOpen ? Math.random() : 0
      // A request takes a slot of the queue; the wait before a retry does not.
      const request = () => queue.add(attempt, { signal: stop })
      const firstRequest = () => firstTries.add(request, { signal: stop, priority })
      return await pRetry((attempt) => (attempt === 1 ? firstRequest() : request()), {
        signal: stop,
        retries,
        minTimeout: minDelayMs,
        maxTimeout: maxDelayMs,
        randomize: true,
        shouldRetry,
      })
    } catch (error) {
      const reason = stop.aborted ? stop.reason : error
      if (!(reason instanceof ApiError)) throw reason
      if (reason.category !== category) throw givenUp(category, attempts, reason)
      watcher?.onFailure(reason.class)
      throw reason
    }
  }
}

/** Makes the function that calls the provider once, with the key that is valid at the start of a run. */
function asker(dispatcher: Dispatcher, { apiKey, baseUrl, timeoutMs }: ClientOptions) {
  const { host, pathname } = new URL(baseUrl)
  const path = `${pathname.replace(/\/+$/, '')}/messages/stats?category=`
  const key = apiKey()
  const headers = { 'X-Primotexto-ApiKey': key, 'Content-Type': 'application/json' }
  // Answers are stored and logged, and could contain the key.
  const spellings = key.length < SHORTEST_KEY ? [] : [key, JSON.stringify(key).slice(1, -1)]
  const withoutKey = (text: string) =>
    spellings.reduce((clean, spelling) => clean.replaceAll(spelling, '[API key]'), text)

  return async (category: string, attempts: number, signal: AbortSignal): Promise<Fetched> => {
    const answer = await exchange(dispatcher, {
      path: path + encodeURIComponent(category),
      headers,
      timeoutMs,
      signal,
    })
    if ('broken' in answer) {
      throw new ApiError(`${named(category)}: ${host} sent no complete answer: ${oneLine(answer.reason)}`, {
        category,
        class: answer.broken,
        httpStatus: answer.status,
        apiCode: null,
        attempts,
        retryAfterMs: null,
        cause: answer.cause,
      })
    }
    const { status, observedAt } = answer
    const result = readAnswer(withoutKey(answer.body), status)
    if (result.kind !== 'error') return { observedAt, attempts, result }
    throw new ApiError(`${named(category)}: ${host} answered ${withoutKey(result.message)}`, {
      category,
      class: result.class,
      httpStatus: status,
      apiCode: result.apiCode,
      attempts,
      retryAfterMs: retryAfterMs(answer.retryAfter, observedAt),
    })
  }
}

function givenUp(category: string, attempts: number, refusal: ApiError): ApiError {
  return new ApiError(
    `${named(category)}: given up, as ${refusal.endsRun ? 'the account is refused' : 'the provider answers nothing'}; ${refusal.message}`,
    {
      category,
      class: refusal.class,
      httpStatus: refusal.httpStatus,
      apiCode: refusal.apiCode,
      attempts,
      retryAfterMs: null,
      cause: refusal,
    },
  )
}

function named(category: string): string {
  return oneLine(`category ${JSON.stringify(category)}`)
}
