// The circuit breaker of one account. A run must not ask a provider that answers nothing for a thousand categories, four
// times each. The circuit opens during a run, and closes with the first answer in a later one.
import type { ErrorClass } from './answer.ts'

/** After this many categories in a row without an answer the provider is in doubt, and no further category is begun. */
const DOUBT_AFTER = 5
/** How many categories a run tries at a dead provider, one at a time and once each. One alone may be the cause itself. */
const PROBES = 3

/** `in doubt` lasts until a category is answered, or the last try of one fails; `dead` ends the run. */
export type Verdict = 'alive' | 'in doubt' | 'dead'

export interface Circuit {
  /** True if the provider was dead when it was last asked. Then the run sends one request at a time, without retries. */
  readonly isOpen: boolean
  beginRun(): void
  /** Notes the outcome of a request: the class of its failure, null for an answer. `isLastTry`: it is not retried. */
  note(category: string, failure: ErrorClass | null, isLastTry: boolean): Verdict
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
    note(category, failure, isLastTry) {
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
