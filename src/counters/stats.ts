// Reads the totals in an answer, or in a line of an imported file (contract, section 2). Pure.
// Numbers are read from their text, and each field is checked on its own.

import { z } from 'zod'
import {
  isDigits,
  isRecord,
  jsonbText,
  NUMERIC_SCALE,
  numberSource,
  parseExact,
  storable,
} from './exact-json.ts'
import { decimalOf, exactInteger } from './integer.ts'
import { COUNTERS, type CounterName, type Reading } from './names.ts'

/** A reading, or the reason why there is none, which names the field. */
export type Stats = { readonly reading: Reading } | { readonly reason: string }

const counter = field('an integer from 0 to 9007199254740991', (value) => {
  const source = numberSource(value) ?? (isDigits(value) ? value : null)
  return source === null ? null : exactInteger(source)
})

const gauge = field('a JSON number of 0 or more', (value) => {
  const source = numberSource(value)
  return source === null ? null : levelOf(source)
})

// Only these go through zod. Unknown fields are kept unchanged, and may have names such as __proto__.
const KnownFields = z.object({
  ...(Object.fromEntries(COUNTERS.map((name) => [name, counter])) as Record<CounterName, typeof counter>),
  timespent: gauge,
})

/** Reads the text of one JSON object, such as the `stats` of an imported line. Never throws. */
export function readStats(text: string): Stats {
  const value = parseExact(text)
  return value === undefined ? { reason: 'not JSON' } : statsOf(value)
}

/** The same for a value from parseExact. */
export function statsOf(value: unknown): Stats {
  if (!isRecord(value)) return { reason: 'not a JSON object' }
  if (!hasCounter(value)) return { reason: `no value for any of the ${COUNTERS.length} counters` }
  const known = KnownFields.safeParse(value)
  if (!known.success) {
    return {
      reason: known.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`).join('; '),
    }
  }
  return {
    reading: {
      counters: COUNTERS.map((name) => known.data[name]),
      timespent: known.data.timespent,
      extra: extraOf(value),
    },
  }
}

/** True if at least one counter is present and not null, whatever its value. */
export function hasCounter(record: Record<string, unknown>): boolean {
  return COUNTERS.some((name) => record[name] !== undefined && record[name] !== null)
}

/** A field that may be missing or null; `read` returns null for a value that is not `expected`. */
function field<T>(expected: string, read: (value: unknown) => T | null) {
  return z
    .unknown()
    .nullish()
    .transform((value, context) => {
      if (value === undefined || value === null) return null
      const result = read(value)
      if (result === null) context.addIssue(`is ${excerptOf(value)}, not ${expected}`)
      return result
    })
}

/**
 * Returns a gauge as a plain decimal without superfluous zeros: "12.5" for `1.250e1`. Null if it is negative, or too
 * large for a double. Digits beyond those that a numeric can hold are cut off.
 */
function levelOf(source: string): string | null {
  const { negative, digits, exponent } = decimalOf(source)
  if (digits === '') return '0'
  if (negative || !Number.isFinite(Number(source))) return null
  if (exponent >= 0) return digits + '0'.repeat(exponent)
  const places = -exponent
  if (places > NUMERIC_SCALE) {
    const held = digits.slice(0, Math.max(0, digits.length - (places - NUMERIC_SCALE)))
    return levelOf(`${held || '0'}e-${NUMERIC_SCALE}`)
  }
  const padded = digits.padStart(places + 1, '0')
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`
}

/** Returns the unknown fields that are not null, as JSON text for jsonb; null if there are none. */
function extraOf(record: Record<string, unknown>): string | null {
  const unknown = Object.entries(record).filter(
    ([name, value]) => value !== null && !Object.hasOwn(KnownFields.shape, name),
  )
  return unknown.length > 0 ? jsonbText(Object.fromEntries(unknown)) : null
}

function excerptOf(value: unknown): string {
  const text = JSON.stringify(value)
  return storable(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
