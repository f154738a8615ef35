// A short cut for the usual form of `stats`, as most lines contain only whole numbers. It returns the same readings as
// statsOf, and leaves everything unusual to statsOf. Pure.
import { COUNTERS, type Reading } from '../counters/names.ts'

// A number of at most 15 digits without an exponent is not changed by JSON.parse.
const EXPONENT = /\d[eE]/
const LONG_FRACTION = /[\d.]{16}/
const LARGEST = 999_999_999_999_999
const KNOWN: ReadonlySet<string> = new Set([...COUNTERS, 'timespent'])

/** Returns the reading of `value`, which JSON.parse read from a part of `text`; null if only statsOf can read it. */
export function plainReading(text: string, value: unknown): Reading | null {
  if (typeof value !== 'object' || value === null || mayBeRounded(text)) return null
  const stats = value as Record<string, unknown>
  for (const name in stats) if (!KNOWN.has(name)) return null
  const counters: (number | null)[] = []
  let known = 0
  for (const name of COUNTERS) {
    const total = stats[name] ?? null
    if (total === null) counters.push(null)
    else if (Number.isInteger(total) && (total as number) >= 0 && (total as number) <= LARGEST) {
      counters.push((total as number) + 0) // −0 becomes 0
      known += 1
    } else return null
  }
  const timespent = stats.timespent ?? null
  if (known === 0 || (timespent !== null && !isShortLevel(timespent))) return null
  return { counters, timespent: timespent === null ? null : String(timespent), extra: null }
}

/** Whether JSON.parse may have rounded a number in `text` that is at most LARGEST. */
function mayBeRounded(text: string): boolean {
  return EXPONENT.test(text) || (text.includes('.') && LONG_FRACTION.test(text))
}

/** True for a gauge that String prints as a plain decimal: below 1e-6 it prints an exponent. */
function isShortLevel(value: unknown): boolean {
  return typeof value === 'number' && (value === 0 || (value >= 1e-6 && value <= LARGEST))
}
