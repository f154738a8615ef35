// Reads whole numbers from their digits, because a double would round them. A large exponent takes no memory: numbers
// that are too long are refused before their zeros are written out.

/** A decimal number as ± digits × 10^exponent. */
export interface Decimal {
  readonly negative: boolean
  /** Without zeros at either end; empty for zero. */
  readonly digits: string
  readonly exponent: number
  /** Digits after the point as written, trailing zeros included, e.g. 2 for `1.50`, 3 for `1e-3`. */
  readonly scale: number
}

/** Splits the text of a JSON number, or ASCII digits, into its parts. `source` must be valid. */
export function decimalOf(source: string): Decimal {
  const [mantissa = '', power = '0'] = source.toLowerCase().split('e')
  const negative = mantissa.startsWith('-')
  const [whole = '', fraction = ''] = mantissa.slice(negative ? 1 : 0).split('.')
  const written = whole + fraction
  // Loops, because /0+$/ takes quadratic time on a long run of zeros.
  let start = 0
  while (written[start] === '0') start++
  let end = written.length
  while (end > start && written[end - 1] === '0') end--
  const scale = fraction.length - Number(power)
  return {
    negative,
    digits: written.slice(start, end),
    exponent: written.length - end - scale,
    scale: Math.max(0, scale),
  }
}

/** Returns the value of a JSON number, or of ASCII digits, if it is exactly an integer 0 … 2^53−1; else null. */
export function exactInteger(source: string): number | null {
  const { negative, digits, exponent } = decimalOf(source)
  if (digits === '') return 0
  if (negative || exponent < 0 || digits.length + exponent > 16) return null
  const value = Number(digits + '0'.repeat(exponent))
  return Number.isSafeInteger(value) ? value : null
}
