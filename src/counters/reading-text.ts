// Writes a reading as a JSON object, as the provider would send it. Pure.
import { COUNTERS, type Reading } from './names.ts'

/** Returns JSON text: the counters and `timespent` by name, then the unknown fields. Null values are left out. */
export function readingText({ counters, timespent, extra }: Reading): string {
  const known = COUNTERS.flatMap((name, i) => (counters[i] == null ? [] : `"${name}":${counters[i]}`))
  if (timespent !== null) known.push(`"timespent":${timespent}`)
  const unknown = extra?.slice(1, -1).trim()
  return `{${[...known, ...(unknown ? [unknown] : [])].join(',')}}`
}
