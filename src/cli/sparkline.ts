// Numbers as a row of bars, one column each.

const BARS = '▁▂▃▄▅▆▇█'
const UNKNOWN = '·'

/** From the lowest (or 0) to the highest; a dot where nothing is known. */
export function sparkline(values: readonly (number | string | null)[]): string {
  const known = values.filter((value) => value !== null).map(Number)
  const low = Math.min(0, ...known)
  const height = Math.max(0, ...known) - low
  return values
    .map((value) => {
      if (value === null) return UNKNOWN
      return BARS[height === 0 ? 0 : Math.round(((Number(value) - low) / height) * (BARS.length - 1))]
    })
    .join('')
}
