import { COUNTERS } from './names.ts'

/**
 * Pads values by counter with null to the length of COUNTERS. An array that was stored before a counter was added is
 * shorter, because new counters go to the end of the list; their values in it are unknown.
 */
export function padded<T>(values: readonly (T | null)[]): readonly (T | null)[] {
  const missing = COUNTERS.length - values.length
  return missing > 0 ? [...values, ...Array<null>(missing).fill(null)] : values
}
