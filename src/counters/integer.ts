// Whole numbers read by their digits, not by the double that they would be rounded to.
// No string built here is longer than the number's own text, however large its exponent.

/** A decimal number as ± digits × 10^exponent. */
export interface Decimal {
  readonly negative: boolean
  /** Without zeros at either end; empty for zero. */
  readonly digits: string
  readonly exponent: number
  /** Digits after the point as written, trailing zeros included, e.g. 2 for `1.50`, 3 for `1e-3`. */
  readonly scale: number
}

/** Takes the text of a JSON number (or of ASCII digits) apart; `source` must be one. */
export function decimalOf(source: string): Decimal {
  const [mantissa = '', power = '0'] = source.toLowerCase().split('e')
  const negative = mantissa.startsWith('-')
  const [whole = '', fraction = ''] = mantissa.slice(negative ? 1 : 0).split('.')
  const written = whole + fraction
  // loops, because /0+$/ takes quadratic time on a long run of zeros
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

/** The value of a JSON number (or of ASCII digits) if it is exactly an integer 0 … 2^53−1, else null. */
export function exactInteger(source: string): number | null {
  const { negative, digits, exponent } = decimalOf(source)
  if (digits === '') return 0
  if (negative || exponent < 0 || digits.length + exponent > 16) return null
  const value = Number(digits + '0'.repeat(exponent))
  return Number.isSafeInteger(value) ? value : null
}
