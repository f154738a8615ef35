// Finds the setting that an unknown name probably means.

import { SETTING_NAMES } from './schema.ts'

// Names with these prefixes are meant for this program (PRIMO also matches a misspelt PRIMOTEXO_API_KEY). Other programs
// use HTTP_, LOG_ and DATABASE_, too (HTTP_PROXY), so there only a name that is close to a setting counts.
const OURS = /^(PRIMO|SYNC_|REPORTING_)/
const SHARED = /^(HTTP_|LOG_|DATABASE_)/
const NEAR = 2

/** Returns whether an environment variable is meant for this program, also under a misspelt name. */
export function isMeantForUs(variable: string): boolean {
  if (SETTING_NAMES.includes(variable) || OURS.test(variable)) return true
  return SHARED.test(variable) && SETTING_NAMES.some((name) => distance(name, variable) <= NEAR)
}

/** Returns the known name that is closest to `unknown`, null if none is close. Ignores case. */
export function nearestName(unknown: string, known: readonly string[]): string | null {
  const apart = (name: string) => distance(name.toUpperCase(), unknown.toUpperCase())
  const [nearest] = known.toSorted((one, other) => apart(one) - apart(other))
  return nearest !== undefined && apart(nearest) <= Math.max(NEAR, nearest.length / 4) ? nearest : null
}

/** Levenshtein distance: how many letters must be inserted, removed or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
