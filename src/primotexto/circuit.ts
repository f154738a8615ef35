// The circuit breaker of one run of one account. Whatever some categories get, the others are asked; only a provider that
// answers nothing at all is left alone for the rest of the run (contract, section 2, "No category starves").
import type { ErrorClass } from './answer.ts'

/** What the last request for a category brought: any answer, or none (class `network` or `server`); null: not known. */
export type LastOutcome = 'answered' | 'unanswered' | null

/** A category of a run, with what earlier runs know of it. */
export interface Asked {
  readonly category: string
  readonly lastOutcome: LastOutcome
  /** True if no counter of it ever had a value above 0. */
  readonly isEmpty: boolean
}

/** How many categories of a group have to fail before the group counts as failing. */
const ENOUGH = 20

/** `known`: the categories that answered last time. */
export type Group = 'known' | 'others'
export const groupOf = (lastOutcome: LastOutcome): Group => (lastOutcome === 'answered' ? 'known' : 'others')

export interface Circuit {
  /** True if nothing has answered, and enough categories of both groups have failed for the last time. */
  readonly isDead: boolean
  /** True while nothing has answered and enough categories of the group have failed once: no further one is begun. */
  isHeld(group: Group): boolean
  /** Notes the outcome of a request: the class of its failure, null for an answer. `isLastTry`: it is not retried. */
  note(group: Group, category: string, failure: ErrorClass | null, isLastTry: boolean): void
}

/** Without categories the provider is never taken for dead. */
export function createCircuit(categories: readonly Asked[]): Circuit {
  const enough = enoughOf(categories)
  const failedOnce = { known: new Set<string>(), others: new Set<string>() }
  const failed = { known: new Set<string>(), others: new Set<string>() }
  let isAlive = categories.length === 0
  const isReached = (seen: typeof failed, group: Group) => !isAlive && seen[group].size >= enough[group]
  return {
    get isDead() {
      return isReached(failed, 'known') && isReached(failed, 'others')
    },
    isHeld: (group) => isReached(failedOnce, group),
    note(group, category, failure, isLastTry) {
      if (failure !== 'network' && failure !== 'server') isAlive = true
      failedOnce[group].add(category)
      if (isLastTry) failed[group].add(category)
    },
  }
}

/** A category that was never asked may be the only one that answers, so all of these have to fail. */
function enoughOf(categories: readonly Asked[]): Record<Group, number> {
  const count = (outcome: LastOutcome) =>
    categories.filter(({ lastOutcome }) => lastOutcome === outcome).length
  const unknown = count(null)
  return {
    known: Math.min(ENOUGH, count('answered')),
    others: Math.max(unknown, Math.min(ENOUGH, unknown + count('unanswered'))),
  }
}
