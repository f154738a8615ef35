// Exact differences of the gauge: decimals as text, so that 0.3 − 0.1 is 0.2. Pure.
import Big from 'big.js'

/** `value − before` as a plain decimal; null where either is unknown. */
export function decimalDifference(value: string | null, before: string | null): string | null {
  if (value === null || before === null) return null
  return value === before ? '0' : new Big(value).minus(before).toFixed()
}
