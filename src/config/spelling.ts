// Which setting an unknown name probably stands for.

import { SETTING_NAMES } from './schema.ts'

// Whatever starts like this is meant for this program (PRIMO… also catches PRIMOTEXO_API_KEY). Other
// programs use HTTP_…, LOG_… and DATABASE_… too (HTTP_PROXY): there only a near miss is taken for ours.
const OURS = /^(PRIMO|SYNC_|REPORTING_)/
const SHARED = /^(HTTP_|LOG_|DATABASE_)/
const NEAR = 2

/** Whether this environment variable is meant for this program, also under a misspelt name. */
export function isMeantForUs(variable: string): boolean {
  if (SETTING_NAMES.includes(variable) || OURS.test(variable)) return true
  return SHARED.test(variable) && SETTING_NAMES.some((name) => distance(name, variable) <= NEAR)
}

/** The known name nearest to `unknown`, null if none is near. Case does not count. */
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
