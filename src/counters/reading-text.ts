// A reading as the JSON object that the provider would have sent. Pure.
import { COUNTERS, type Reading } from './names.ts'

/** The known values by their names, then the unknown fields; what is null is left out. */
export function readingText({ counters, timespent, extra }: Reading): string {
  const known = COUNTERS.flatMap((name, i) => (counters[i] == null ? [] : `"${name}":${counters[i]}`))
  if (timespent !== null) known.push(`"timespent":${timespent}`)
  const unknown = extra?.slice(1, -1).trim()
  return `{${[...known, ...(unknown ? [unknown] : [])].join(',')}}`
}
