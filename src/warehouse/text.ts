// PostgreSQL's text forms, for COPY and for arrays: built and read by hand because every counter passes here.

/** A value in COPY's text format; null is \N. Numbers and timestamps need no escape. */
export function copyText(value: string | null): string {
  return value === null ? '\\N' : value.replace(/[\\\n\r\t]/g, (char) => COPY_ESCAPES[char]!)
}

const COPY_ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** An array literal of numbers: `{1,NULL,3}`. */
export function numberArray(values: readonly (number | bigint | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) text += (i === 0 ? '' : ',') + (values[i] ?? 'NULL')
  return `${text}}`
}

/** An array literal of texts, each quoted. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`)).join(',')}}`
}

/** The parts of an array literal of numbers as text; NULL is null. */
export function splitArray(literal: string): (string | null)[] {
  return literal
    .slice(1, -1)
    .split(',')
    .map((part) => (part === 'NULL' ? null : part))
}

export function timestamp(at: number): string {
  return new Date(at).toISOString()
}

/** SQL for a timestamptz column as epoch milliseconds. */
export function epochMs(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::bigint`
}
