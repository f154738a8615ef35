// Reads JSON without losing digits, and writes JSON that PostgreSQL's jsonb accepts.
// Numbers are kept as their source text (JSON.rawJSON), because a double would round them.

import { decimalOf } from './integer.ts'

const MAX_DEPTH = 512
const TOO_DEEP = `[nested deeper than ${MAX_DEPTH}]`

// The limits of numeric, and so of numbers in jsonb: PostgreSQL's documentation, table "Numeric Types".
const NUMERIC_WHOLE_DIGITS = 131_072
export const NUMERIC_SCALE = 16_383

/**
 * Parses a JSON text, with numbers as JSON.rawJSON objects; returns undefined if it is not JSON. Everything nested
 * deeper than MAX_DEPTH is replaced by a note.
 */
export function parseExact(text: string): unknown {
  try {
    JSON.parse(text) // without a reviver it does not recurse, so any depth is safe
  } catch {
    return undefined
  }
  return JSON.parse(withoutDepths(text), (_name, value, { source }) =>
    typeof value === 'number' ? JSON.rawJSON(source!) : value,
  )
}

/** Returns the source text of a number from parseExact; null for any other value. */
export function numberSource(value: unknown): string | null {
  return JSON.isRawJSON(value) ? value.rawJSON : null
}

/** True for a string of ASCII digits. */
export function isDigits(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]+$/.test(value)
}

/** True for a JSON object; false for an array, a number from parseExact or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
}

/**
 * Writes a value from parseExact as JSON text that jsonb accepts: NUL and lone surrogates become U+FFFD, and a number
 * beyond the range of numeric becomes a string with its source text.
 */
export function jsonbText(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (typeof part === 'string') return storable(part)
    if (isRecord(part)) return withStorableNames(part)
    const source = numberSource(part)
    return source === null || fitsNumeric(source) ? part : source
  })
}

/** Replaces the characters that PostgreSQL cannot store (NUL, lone surrogates) by U+FFFD. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

function withStorableNames(record: Record<string, unknown>): Record<string, unknown> {
  if (Object.keys(record).every((name) => storable(name) === name)) return record
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [storable(name), value]))
}

function fitsNumeric(source: string): boolean {
  const { digits, exponent, scale } = decimalOf(source)
  return scale <= NUMERIC_SCALE && digits.length + exponent <= NUMERIC_WHOLE_DIGITS
}

/** Replaces everything deeper than MAX_DEPTH in a valid JSON text, because code that walks the parsed value recurses. */
function withoutDepths(text: string): string {
  let kept = ''
  let from = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '[' || character === '{') {
      if (++depth === MAX_DEPTH + 1) kept += text.slice(from, at) + JSON.stringify(TOO_DEEP)
    } else if (character === ']' || character === '}') {
      if (depth-- === MAX_DEPTH + 1) from = at + 1
    }
  }
  return kept + text.slice(from)
}

/** Returns the index of the quote that closes the string opened at `at`, in valid JSON. */
export function endOfString(text: string, at: number): number {
  let end = at + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}
