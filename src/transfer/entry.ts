// The content of a line of a file, in either format. Pure.
import { categoryProblem } from '../counters/category-name.ts'
import type { Reading } from '../counters/names.ts'
import type { Decision } from '../counters/step.ts'
import { readInstant } from './observed-at.ts'

/** A user's decision about a snapshot, as `export` writes it. */
export interface RecordedDecision {
  readonly as: Decision | 'auto'
  readonly by: string
  /** When it was decided: the text of a timestamptz, to the microsecond. */
  readonly at: string
  readonly why: string
}

interface Keyed {
  readonly line: number
  readonly account: string
  readonly category: string
  /** `observed_at` in epoch milliseconds. */
  readonly at: number
}

/** A snapshot, or a decision about one, from line `line`. */
export type Entry = Keyed & ({ readonly reading: Reading } | { readonly decision: RecordedDecision })

/** A line that cannot be imported, and why. */
export interface LineProblem {
  readonly line: number
  readonly reason: string
}

export interface ReadOptions {
  /** The account of lines that do not name one. */
  readonly account: string
  /** Returns the current time in epoch milliseconds. Later instants are refused. */
  readonly now: () => number
  /** The name of the file, for messages. */
  readonly file: string
}

/** Returns the account, category and instant of a line, or why they are invalid. */
export function readKey(
  line: number,
  { account, category, observedAt }: { account: unknown; category: unknown; observedAt: unknown },
  options: ReadOptions,
): Keyed | LineProblem {
  const named = account ?? options.account
  const problem = nameProblem('account', named) ?? nameProblem('category', category)
  if (problem !== null) return { line, reason: problem }
  if (typeof observedAt !== 'string') {
    return { line, reason: observedAt == null ? 'observed_at is missing' : 'observed_at is not a string' }
  }
  const at = readInstant(observedAt, options.now())
  if (typeof at !== 'number') return { line, reason: `observed_at ${at.reason}: ${excerpt(observedAt)}` }
  return { line, account: named as string, category: category as string, at }
}

function nameProblem(field: string, value: unknown): string | null {
  if (value === undefined || value === null) return `${field} is missing`
  if (typeof value !== 'string') return `${field} is not a string`
  const problem = categoryProblem(value)
  return problem && `${field} ${problem}`
}

/** Shortens a value from a file for a message. */
export function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text
}
