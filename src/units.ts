// Sizes, times and durations for people, the same on terminals and pages.

/** Formats a number of bytes: `1.5 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 2 ** 20) return `${(bytes / 1024).toFixed(1)} KiB`
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** Formats a duration: `1 d 13 h`, `2 h 5 min`, `5 min`, `12 s`, `300 ms`. Smaller units are cut off. */
export function durationText(seconds: number): string {
  const first = UNITS.findIndex(([, unitSeconds]) => seconds >= unitSeconds)
  if (first === -1) return `${Math.round(seconds * 1000)} ms`
  const [unit, unitSeconds] = UNITS[first]!
  const next = UNITS[first + 1]
  const rest = next && unit !== 'min' ? Math.floor((seconds % unitSeconds) / next[1]) : 0
  return `${Math.floor(seconds / unitSeconds)} ${unit}${rest > 0 ? ` ${rest} ${next![0]}` : ''}`
}

/** Formats an instant relative to `now`: `3 min ago`, `in 12 s`, `just now`. Smaller units are cut off. */
export function relativeTime(at: Date, now: Date): string {
  const distance = Math.abs(now.getTime() - at.getTime()) / 1000
  const unit = UNITS.find(([, unitSeconds]) => distance >= unitSeconds)
  if (unit === undefined) return 'just now'
  const count = Math.floor(distance / unit[1])
  const text = `${count} ${unit[0] === 'd' ? (count === 1 ? 'day' : 'days') : unit[0]}`
  return at <= now ? `${text} ago` : `in ${text}`
}
