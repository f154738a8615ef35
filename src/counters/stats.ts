// Reads the totals in an answer, or in a line of an imported file (contract, section 2). Pure.
// Numbers are read from their text, and each field is checked on its own.

import { z } from 'zod'
import { ACCOUNT_COUNTERS, ACCOUNT_NAMES, CREDITS } from './account.ts'
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
import { COUNTERS, type Reading } from './names.ts'

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

const balance = field('a JSON number', (value) => {
  const source = numberSource(value)
  if (source === null) return null
  if (!source.startsWith('-')) return levelOf(source)
  const owed = levelOf(source.slice(1))
  return owed === null || owed === '0' ? owed : `-${owed}`
})

/** What an answer may hold: for each counter in the order of COUNTERS its field, null where there is none; the gauge. */
interface Form {
  readonly counters: readonly (string | null)[]
  readonly gauge: { readonly name: string; readonly field: z.ZodType<string | null> }
  /** The fields of which at least one must have a value. */
  readonly needed: { readonly names: readonly string[]; readonly text: string }
}

export interface StatsReader {
  /** Reads a value from parseExact. Never throws. */
  statsOf(value: unknown): Stats
  /** True if at least one needed field is present and not null, whatever its value. */
  hasValue(record: Record<string, unknown>): boolean
}

function readerOf({ counters, gauge, needed }: Form): StatsReader {
  // Only these go through zod. Unknown fields are kept unchanged, and may have names such as __proto__.
  const KnownFields = z.object({
    ...Object.fromEntries(counters.filter((name) => name !== null).map((name) => [name, counter])),
    [gauge.name]: gauge.field,
  })
  const isKnown = (name: string) => Object.hasOwn(KnownFields.shape, name)
  const hasValue = (record: Record<string, unknown>) =>
    needed.names.some((name) => record[name] !== undefined && record[name] !== null)
  return {
    hasValue,
    statsOf(value) {
      if (!isRecord(value)) return { reason: 'not a JSON object' }
      if (!hasValue(value)) return { reason: `no value for any of ${needed.text}` }
      const parsed = KnownFields.safeParse(value)
      if (!parsed.success) {
        return {
          reason: parsed.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`).join('; '),
        }
      }
      const known = parsed.data as Record<string, number | string | null>
      return {
        reading: {
          counters: counters.map((name) => (name === null ? null : (known[name] as number | null))),
          timespent: known[gauge.name] as string | null,
          extra: extraOf(value, isKnown),
        },
      }
    },
  }
}

/** Reads what the provider reports of a category. */
export const CATEGORY_STATS = readerOf({
  counters: COUNTERS,
  gauge: { name: 'timespent', field: gauge },
  needed: { names: COUNTERS, text: `the ${COUNTERS.length} counters` },
})

/** Reads what the provider reports of an account (see account.ts). */
export const ACCOUNT_STATS = readerOf({
  counters: ACCOUNT_NAMES,
  gauge: { name: CREDITS, field: balance },
  needed: {
    names: [...ACCOUNT_COUNTERS.map(({ name }) => name), CREDITS],
    text: `the ${ACCOUNT_COUNTERS.length} counters and ${CREDITS}`,
  },
})

/** Reads the text of one JSON object, such as the `stats` of an imported line. Never throws. */
export function readStats(text: string, reader: StatsReader = CATEGORY_STATS): Stats {
  const value = parseExact(text)
  return value === undefined ? { reason: 'not JSON' } : reader.statsOf(value)
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
function extraOf(record: Record<string, unknown>, isKnown: (name: string) => boolean): string | null {
  const unknown = Object.entries(record).filter(([name, value]) => value !== null && !isKnown(name))
  return unknown.length > 0 ? jsonbText(Object.fromEntries(unknown)) : null
}

function excerptOf(value: unknown): string {
  const text = JSON.stringify(value)
  return storable(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
