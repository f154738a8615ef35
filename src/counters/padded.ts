import { COUNTERS } from './names.ts'

/**
 * The values of all counters, by position. Stored arrays may be shorter than the list, as a counter that was added
 * after they were written is at its end: its value is unknown.
 */
export function padded<T>(values: readonly (T | null)[]): readonly (T | null)[] {
  const missing = COUNTERS.length - values.length
  return missing > 0 ? [...values, ...Array<null>(missing).fill(null)] : values
}
