// The names of time zones. Days are cut by PostgreSQL's time zone data and schedules by JavaScript's, so a zone must be
// known to both, and mean the same: names only, as an offset such as +02:00 means the opposite to PostgreSQL.

const byLowerCase = new Map(Intl.supportedValuesOf('timeZone').map((name) => [name.toLowerCase(), name]))

/** Returns the name of a zone that JavaScript knows, in its usual letters; undefined for anything else. */
export function knownTimezone(text: string): string | undefined {
  if (!/^[A-Za-z][\w+\-/]{0,63}$/.test(text)) return undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
  } catch {
    return undefined
  }
  return byLowerCase.get(text.toLowerCase()) ?? text
}
