// The circuit breaker of one account: while the provider answers nothing, a run does not ask for a thousand categories
// four times each. It opens during a run, and closes with the first answer of a later one.
import type { ErrorClass } from './answer.ts'

/** After this many categories in a row without an answer the provider is in doubt, and no further ones are asked. */
const DOUBT_AFTER = 5
/** How many categories a run asks a dead provider for, one at a time and once each: a single one may itself be at fault. */
const PROBES = 3

/** `alive`; `in doubt`, until a category is answered or its last try fails; `dead`: the run gives up. */
export type Verdict = 'alive' | 'in doubt' | 'dead'

export interface Circuit {
  /** The provider was dead when last asked: one request at a time, and no retries. */
  readonly isOpen: boolean
  beginRun(): void
  /** A request for a category has its outcome: a failure, of the last try or of one before; null: an answer. */
  heard(category: string, failure: ErrorClass | null, isLastTry: boolean): Verdict
}

export function createCircuit(): Circuit {
  let isOpen = false
  const unanswered = new Set<string>()
  return {
    get isOpen() {
      return isOpen
    },
    beginRun() {
      unanswered.clear()
    },
    heard(category, failure, isLastTry) {
      if (failure !== 'network' && failure !== 'server') {
        isOpen = false
        unanswered.clear()
        return 'alive'
      }
      unanswered.add(category)
      if (unanswered.size < (isOpen ? PROBES : DOUBT_AFTER)) return 'alive'
      if (!isLastTry) return 'in doubt'
      isOpen = true
      return 'dead'
    },
  }
}
