// JSON read without losing a digit, and written so that PostgreSQL's jsonb takes it.
// A number is kept as its own text (JSON.rawJSON), because a double would round it.

import { decimalOf } from './integer.ts'

const MAX_DEPTH = 512
const TOO_DEEP = `[nested deeper than ${MAX_DEPTH}]`

// PostgreSQL's documentation, table "Numeric Types": what a numeric, and so a number in jsonb, can hold
const NUMERIC_WHOLE_DIGITS = 131_072
export const NUMERIC_SCALE = 16_383

/** The value of a JSON text, its numbers as JSON.rawJSON objects; undefined if it is not JSON. */
export function parseExact(text: string): unknown {
  try {
    JSON.parse(text) // without a reviver it does not recurse, however deep the text is
  } catch {
    return undefined
  }
  return JSON.parse(withoutDepths(text), (_name, value, { source }) =>
    typeof value === 'number' ? JSON.rawJSON(source!) : value,
  )
}

/** The text of a number that parseExact read; null for anything else. */
export function numberSource(value: unknown): string | null {
  return JSON.isRawJSON(value) ? value.rawJSON : null
}

/** True for a string of ASCII digits. */
export function isDigits(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]+$/.test(value)
}

/** True for a JSON object, as against an array, a number or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
}

/**
 * What parseExact read, as a JSON text that jsonb accepts: NUL and lone surrogates become U+FFFD, a
 * number beyond the range of numeric becomes a string of its digits.
 */
export function jsonbText(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (typeof part === 'string') return storable(part)
    if (isRecord(part)) return withStorableNames(part)
    const source = numberSource(part)
    return source === null || fitsNumeric(source) ? part : source
  })
}

/** `text` with the characters that PostgreSQL cannot store (NUL, lone surrogates) as U+FFFD. */
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

/** A valid JSON text with everything deeper than MAX_DEPTH replaced, because code that walks the result recurses. */
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

/** The index of the quote that closes the string opened at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}
