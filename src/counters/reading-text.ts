// Writes a reading as a JSON object, as the provider would send it. Pure.
import { ACCOUNT_NAMES, CREDITS } from './account.ts'
import { COUNTERS, type Reading } from './names.ts'

/** Returns JSON text: the counters and `timespent` by name, then the unknown fields. Null values are left out. */
export function readingText(reading: Reading): string {
  return textOf(reading, COUNTERS, 'timespent')
}

/** The same for a reading of an account, by the names of its fields (see account.ts). */
export function accountReadingText(reading: Reading): string {
  return textOf(reading, ACCOUNT_NAMES, CREDITS)
}

function textOf(
  { counters, timespent, extra }: Reading,
  names: readonly (string | null)[],
  gauge: string,
): string {
  const known = names.flatMap((name, i) => (counters[i] == null ? [] : `"${name}":${counters[i]}`))
  if (timespent !== null) known.push(`"${gauge}":${timespent}`)
  const unknown = extra?.slice(1, -1).trim()
  return `{${[...known, ...(unknown ? [unknown] : [])].join(',')}}`
}
