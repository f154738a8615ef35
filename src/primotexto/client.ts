// Asks the provider for the totals of categories, with the retries, concurrency and rate limit of one account.
// The API call: https://www.primotexto.com/api/, "Statistiques des SMS (par catégorie)".

import { setTimeout as delay } from 'node:timers/promises'
import pRetry, { type RetryContext } from 'p-retry'
import { ITSELF } from '../counters/account.ts'
import { ACCOUNT_STATS, CATEGORY_STATS } from '../counters/stats.ts'
import { NO_PROXIES, type Proxies } from '../network/proxies.ts'
import { openRoute, type Route } from '../network/route.ts'
import { type Answer, type ErrorClass, oneLine, readAnswer } from './answer.ts'
import { ApiError } from './api-error.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { type Asked, createCircuit, groupOf } from './circuit.ts'
import { type Broken, exchange } from './exchange.ts'
import { createPace } from './pace.ts'
import { createPlaces } from './places.ts'
import { retryAfterMs } from './retry-after.ts'

export interface ClientOptions {
  /** Called once per run, so a changed key file takes effect with the next run. */
  readonly apiKey: () => string
  readonly baseUrl: string
  /** For one request, from its start to the last byte of its answer. */
  readonly timeoutMs: number
  /** The most requests at a time, without those that hang (see places.ts). */
  readonly concurrency: number
  /** Requests started per second, retries included; null for no limit. */
  readonly ratePerSecond: number | null
  /** Default: none. */
  readonly proxies?: Proxies
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

/** At most 2.8 s of waiting in all, so that sick categories do not make a run much longer. */
const RETRY: RetryOptions = { retries: 3, minDelayMs: 200, maxDelayMs: 8_000 }

/** A request that takes longer, or longer than a tenth of the timeout, is slow (see places.ts). */
const SLOW_MS = 1_000

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
 * Asks for one category, or, with ITSELF as its name, for the totals of the account. The question about the account says
 * nothing about the provider's health: it is for the end of a run, when it delays no category. Rejects with an ApiError. When the run's signal is aborted, it rejects with the reason of the
 * signal at once, even while the category waits for its turn, for a retry or for its answer.
 */
export type FetchStats = (category: string) => Promise<Fetched>

export interface Client {
  /**
   * Begins a run over these categories; without them the provider is never taken for dead. Concurrency and rate limit
   * apply to all of them together. A run ends early if the account is refused (`endsRun`) or nothing at all answers
   * (see circuit.ts): no further request is sent, and the remaining categories reject with an ApiError of the same
   * class, whose `cause` is the error that ended the run.
   */
  run(signal: AbortSignal, categories?: readonly Asked[]): FetchStats
  /** Closes the connections. Call it when no run is under way. */
  close(): Promise<void>
}

/** Makes the client of one account. It opens no connection before the first request. */
export function createClient(options: ClientOptions): Client {
  // As many connections as there are requests, which places.ts limits; exchange() limits the time of each.
  const route = openRoute(options.baseUrl, {
    proxies: options.proxies ?? NO_PROXIES,
    connectTimeoutMs: options.timeoutMs,
    maxResponseSize: MAX_BODY_BYTES,
  })
  let wasDead = false
  return {
    run(signal, categories = []) {
      const isRetrying = !wasDead
      wasDead = false
      const onDead = () => {
        wasDead = true
      }
      return startRun(route, options, { signal, categories, isRetrying, onDead })
    },
    close: () => route.close(),
  }
}

interface Run {
  readonly signal: AbortSignal
  readonly categories: readonly Asked[]
  /** False if the provider was dead in the last run: each category is asked once. */
  readonly isRetrying: boolean
  /** Called when the provider is taken for dead. */
  readonly onDead: () => void
}

function startRun(
  route: Route,
  options: ClientOptions,
  { signal, categories, isRetrying, onDead }: Run,
): FetchStats {
  const { concurrency, timeoutMs, watcher } = options
  const { retries, minDelayMs, maxDelayMs } = options.retry ?? RETRY
  const ask = asker(route, options)
  const refusal = new AbortController()
  const stop = AbortSignal.any([signal, refusal.signal])
  const slowMs = Math.max(SLOW_MS, timeoutMs / 10)
  const places = createPlaces(concurrency, slowMs, stop)
  // One per run, because requests that a run gave up would otherwise delay the next run.
  const pace = createPace(options.ratePerSecond)
  const circuit = createCircuit(categories)
  const asked = new Map(categories.map((each) => [each.category, each]))

  return async (category) => {
    const { lastOutcome, isEmpty } = asked.get(category) ?? { lastOutcome: null, isEmpty: false }
    const group = groupOf(lastOutcome)
    let attempts = 0
    let isLastTry = false

    /** Whether a request that failed is tried no more. Only a category that answered last time may take long for it. */
    function endsTries(error: ApiError, tookMs: number): boolean {
      if (!error.isTransient || !isRetrying || attempts > retries) return true
      if (error.class === 'throttled' || group === 'known') return false
      return lastOutcome === 'unanswered' || tookMs >= slowMs || circuit.isHeld(group)
    }

    /** Called while the place is still taken, so that no further request starts before the circuit has decided. */
    function noteOutcome(failure: ApiError | null): void {
      if (category === ITSELF) return
      circuit.note(group, category, failure?.class ?? null, isLastTry)
      places.follow(circuit)
      if (circuit.isDead) onDead()
      if (circuit.isDead || failure?.endsRun) refusal.abort(failure)
    }

    async function attempt(): Promise<Fetched> {
      await pace(stop)
      const startedAt = performance.now()
      const report = (outcome: RequestOutcome) => watcher?.onRequest(performance.now() - startedAt, outcome)
      try {
        const fetched = await ask({ category, isEmpty }, ++attempts, stop)
        report(fetched.result.kind)
        noteOutcome(null)
        return fetched
      } catch (error) {
        if (error instanceof ApiError) {
          report(error.class)
          isLastTry = endsTries(error, performance.now() - startedAt)
          noteOutcome(error)
        }
        throw error
      }
    }

    async function shouldRetry({ error, retryDelay }: RetryContext): Promise<boolean> {
      if (!(error instanceof ApiError) || isLastTry) return false
      // p-retry does not know Retry-After, so the part that exceeds p-retry's own delay is waited for here.
      const furtherMs = (error.retryAfterMs ?? 0) - retryDelay
      if (furtherMs > 0) await delay(furtherMs, undefined, { signal: stop })
      return true
    }

    try {
      // A request takes a place; the wait before a retry does not.
      return await pRetry((attemptNumber) => places.send(lastOutcome, attemptNumber === 1, attempt), {
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
function asker(route: Route, { apiKey, baseUrl, timeoutMs }: ClientOptions) {
  const { host, origin, pathname } = new URL(baseUrl)
  const base = pathname.replace(/\/+$/, '')
  const key = apiKey()
  const headers = { 'X-Primotexto-ApiKey': key, 'Content-Type': 'application/json' }
  // Answers are stored and logged, and could contain the key.
  const spellings = key.length < SHORTEST_KEY ? [] : [key, JSON.stringify(key).slice(1, -1)]
  const withoutKey = (text: string) =>
    spellings.reduce((clean, spelling) => clean.replaceAll(spelling, '[API key]'), text)

  return async (
    { category, isEmpty }: Pick<Asked, 'category' | 'isEmpty'>,
    attempts: number,
    signal: AbortSignal,
  ): Promise<Fetched> => {
    const isItself = category === ITSELF
    const answer = await exchange(route.dispatcher, {
      origin,
      path: base + (isItself ? '/account/stats' : `/messages/stats?category=${encodeURIComponent(category)}`),
      headers,
      timeoutMs,
      signal,
    })
    if ('broken' in answer) {
      throw new ApiError(`${named(category)}: ${whatBroke(route, host, answer)}`, {
        advice: adviceOn(route, answer),
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
    const result = readAnswer(
      withoutKey(answer.body),
      status,
      isEmpty,
      isItself ? ACCOUNT_STATS : CATEGORY_STATS,
    )
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

function whatBroke({ proxy, proxyProblem }: Route, host: string, { cause, reason }: Broken): string {
  const problem = proxyProblem(cause)
  if (problem !== null) return oneLine(problem)
  const way = proxy === null ? '' : ` through the proxy at ${proxy}`
  return `${host} sent no complete answer${way}: ${oneLine(reason)}`
}

/** What to do about a broken exchange, where that is more than for its class. */
function adviceOn({ proxyProblem }: Route, { cause }: Broken): string | undefined {
  if (proxyProblem(cause) !== null)
    return 'Check the proxy and its settings: HTTPS_PROXY, HTTP_PROXY, and NO_PROXY for what is asked directly.'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return UNKNOWN_AUTHORITY.includes(code)
    ? "If a company's own certificate authority signs here, name its certificate with NODE_EXTRA_CA_CERTS."
    : undefined
}

const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]

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
  return category === ITSELF ? 'the account' : oneLine(`category ${JSON.stringify(category)}`)
}
