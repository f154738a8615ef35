// The asking part of a tick: asks for every category once, and passes each outcome on when it arrives.
import { ITSELF } from '../counters/account.ts'
import { reasonOf, sentence } from '../errors.ts'
import type { Logger } from '../logging.ts'
import { ApiError } from '../primotexto/api-error.ts'
import type { Client, FetchStats } from '../primotexto/client.ts'
import type { FailureRecord, Outcome } from '../spool/records.ts'
import type { Target } from './targets.ts'

/** How many failures of a class are logged individually. In an outage of the provider all categories fail alike. */
const LOGGED_PER_CLASS = 2

/** An account that the provider refused as a whole. */
export interface Refusal {
  readonly account: string
  readonly class: 'authentication' | 'account'
}

const isRefusal = (errorClass: FailureRecord['class']): errorClass is Refusal['class'] =>
  errorClass === 'authentication' || errorClass === 'account'

/** An account to ask, with its client. */
export interface AskedAccount {
  readonly name: string
  readonly client: Client
  /** Whether its own totals are asked for, too. */
  readonly isAsked: boolean
}

/**
 * Asks for all targets, then for the totals of the accounts themselves, which count nowhere, and passes each outcome to `keep`. Returns how many categories have a failure or no outcome
 * (`failed`), how many answers could not be used (`rejected`), the accounts that were refused, and the targets with what this run knows of them. Never rejects, and `keep` must not either.
 */
export async function askAll(
  accounts: readonly AskedAccount[],
  targets: readonly Target[],
  log: Logger,
  signal: AbortSignal,
  keep: (outcome: Outcome) => Promise<void>,
): Promise<{ failed: number; rejected: number; refused: Refusal[]; asked: Target[] }> {
  const runs = new Map(
    accounts.map(({ name, client }) => [
      name,
      client.run(
        signal,
        targets.filter(({ account }) => account === name),
      ),
    ]),
  )
  const failures = failureLog(log)
  let failed = 0
  let rejected = 0
  let unasked = 0
  const refused = new Map<string, Refusal>()
  const asked = await Promise.all(
    targets.map(async (target) => {
      const outcome = await ask(runs.get(target.account)!, target, log, signal)
      if (outcome?.kind === 'rejected') rejected += 1
      if (outcome === null || outcome.kind === 'failure') failed += 1
      if (outcome === null) unasked += 1
      if (outcome?.kind === 'failure') {
        failures.add(outcome)
        const { account, class: errorClass } = outcome
        if (isRefusal(errorClass)) refused.set(account, { account, class: errorClass })
      }
      if (outcome !== null) await keep(outcome)
      return afterwards(target, outcome)
    }),
  )
  await Promise.all(
    accounts
      .filter(({ isAsked }) => isAsked)
      .map(async ({ name, client }) => {
        // Last, so that it delays no category. An account or a provider that was given up is not asked.
        const outcome = await ask(runs.get(name)!, { account: name, category: ITSELF }, log, signal)
        if (outcome?.kind === 'failure') warnOnce(client, outcome, log)
        if (outcome !== null) await keep(outcome)
      }),
  )
  failures.summarize()
  if (unasked > 0 && !signal.aborted)
    log.warn({ categories: unasked }, 'The other categories were given up in this run.')
  return { failed, rejected, refused: [...refused.values()], asked }
}

const warned = new WeakMap<Client, FailureRecord['class']>()

/** An account need not answer for itself: a failure is logged as a warning once, until there is one of another class. */
function warnOnce(client: Client, { account, class: errorClass, message }: FailureRecord, log: Logger): void {
  const level = warned.get(client) === errorClass ? 'debug' : 'warn'
  warned.set(client, errorClass)
  log[level](
    { account, class: errorClass },
    sentence(`${message}. Categories are not affected; SYNC_ACCOUNT_STATS=off asks no more`),
  )
}

/** The target as the next run sees it. */
function afterwards(target: Target, outcome: Outcome | null): Target {
  if (outcome === null) return target
  const isUnanswered =
    outcome.kind === 'failure' && (outcome.class === 'network' || outcome.class === 'server')
  const isEmpty = target.isEmpty && !(outcome.kind === 'answer' && outcome.counters.some((value) => value))
  return { ...target, lastOutcome: isUnanswered ? 'unanswered' : 'answered', isEmpty }
}

/** Null if the category was given up because of a stop, a refused account or a provider that answers nothing. */
async function ask(
  fetchStats: FetchStats,
  { account, category }: Pick<Target, 'account' | 'category'>,
  log: Logger,
  signal: AbortSignal,
): Promise<Outcome | null> {
  try {
    const { observedAt: at, result } = await fetchStats(category)
    if (result.kind === 'reading') return { kind: 'answer', account, category, at, ...result.reading }
    return { kind: 'rejected', account, category, at, reason: result.reason, body: result.body }
  } catch (error) {
    if (error instanceof ApiError) return error.cause instanceof ApiError ? null : failureOf(account, error)
    if (!signal.aborted)
      log.error(
        { account, category, err: error },
        sentence(`A category was not asked for: ${reasonOf(error)}`),
      )
    return null
  }
}

function failureOf(account: string, error: ApiError): FailureRecord {
  const { category, class: errorClass, httpStatus, apiCode, attempts, message } = error
  return {
    kind: 'failure',
    account,
    category,
    at: Date.now(),
    class: errorClass,
    httpStatus,
    apiCode,
    attempts,
    message,
  }
}

/** Logs failures, with a summary for a class with many of them. */
function failureLog(log: Logger) {
  const counts = new Map<FailureRecord['class'], number>()
  return {
    add({ account, category, class: errorClass, message }: FailureRecord): void {
      const count = (counts.get(errorClass) ?? 0) + 1
      counts.set(errorClass, count)
      if (count <= LOGGED_PER_CLASS) log.error({ account, category, class: errorClass }, message)
    },
    summarize(): void {
      for (const [errorClass, count] of counts) {
        const more = count - LOGGED_PER_CLASS
        if (more > 0)
          log.error({ class: errorClass }, `More failures of this class: ${more}. See sync.failures.`)
      }
    },
  }
}
