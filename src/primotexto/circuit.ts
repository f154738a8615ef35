// The circuit of one account: a provider that answers nothing is not asked for a thousand categories, four times
// each. It opens in the run that finds out, and closes again by the first answer of a later one.
import type { ErrorClass } from './answer.ts'

/** So many categories without an answer between them, and the provider is in doubt: no further ones are asked. */
const DOUBT_AFTER = 5
/** What a dead provider is asked in a run: so many categories, one at a time and once each. One could be at fault itself. */
const PROBES = 3

/** `alive`; `in doubt`, until a category is answered or has had its last try; `dead`: the run is to be given up. */
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
