// Exact differences of the gauge `timespent`. Decimals are text, so that 0.3 − 0.1 is 0.2. Pure.
import Big from 'big.js'

/** Returns `value − before` as a plain decimal; null if either is unknown. */
export function decimalDifference(value: string | null, before: string | null): string | null {
  if (value === null || before === null) return null
  if (value === before) return '0'
  const [whole, wholeBefore] = [Number(value), Number(before)]
  if (isSame(whole, value) && isSame(wholeBefore, before)) return String(whole - wholeBefore)
  return new Big(value).minus(before).toFixed()
}

/** True if `number` is exactly the value of `text`. Most values are whole, and numbers subtract ten times as fast. */
function isSame(number: number, text: string): boolean {
  return Number.isSafeInteger(number) && String(number) === text
}
