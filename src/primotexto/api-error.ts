// The error for a category without a reading, and what to do about it.

import { PrimosyncError } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import type { ErrorClass } from './answer.ts'

/** What to do about failures of a class. */
export const ADVICE: Readonly<Record<ErrorClass, string>> = {
  authentication: 'Check the API key of this account, and that API access is enabled for it at Primotexto.',
  account: 'Check the credits of this account at Primotexto. The next run asks again.',
  throttled: 'Lower SYNC_RATE_LIMIT or SYNC_CONCURRENCY, or ask less often. The next run asks again.',
  request:
    'Check the category and PRIMOTEXTO_BASE_URL, which must be the final address, as redirects are not followed.',
  category: `Check the spelling of the category, or pause it: ${PROGRAM} category pause NAME`,
  server: 'No action is needed here: the next run asks again.',
  network: 'Check the network and PRIMOTEXTO_BASE_URL. If answers are slow, raise SYNC_TIMEOUT.',
}

export interface ApiErrorFacts {
  readonly category: string
  readonly class: ErrorClass
  /** Null if no status line arrived. */
  readonly httpStatus: number | null
  readonly apiCode: number | null
  /** How many requests were sent for the category; 0 if the run ended before its turn. */
  readonly attempts: number
  /** How many milliseconds the provider asked to wait, at most a minute; null if it did not ask. */
  readonly retryAfterMs: number | null
  readonly cause?: unknown
  /** What to do, if there is more to say than for its class. */
  readonly advice?: string | undefined
}

/** A category has no reading. `message` names the category and the host, and never contains the API key. */
export class ApiError extends PrimosyncError {
  override name = 'ApiError'
  readonly category: string
  readonly class: ErrorClass
  readonly httpStatus: number | null
  readonly apiCode: number | null
  readonly attempts: number
  readonly retryAfterMs: number | null

  constructor(message: string, facts: ApiErrorFacts) {
    super(message, { hint: facts.advice ?? ADVICE[facts.class], cause: facts.cause })
    this.category = facts.category
    this.class = facts.class
    this.httpStatus = facts.httpStatus
    this.apiCode = facts.apiCode
    this.attempts = facts.attempts
    this.retryAfterMs = facts.retryAfterMs
  }

  /** True if a retry may succeed. */
  get isTransient(): boolean {
    return this.class === 'server' || this.class === 'network' || this.class === 'throttled'
  }

  /** True if the account is refused, so that asking for its other categories cannot succeed in this run. */
  get endsRun(): boolean {
    return this.class === 'authentication' || this.class === 'account'
  }
}
