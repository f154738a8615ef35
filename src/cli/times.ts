// Instants for people: how long ago, and when by the clocks of the reporting zone.

const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `3 min ago`, `in 12 s`, `just now`: the largest unit that fits, cut off. */
export function relativeTime(at: Date, now: Date): string {
  const distanceMs = Math.abs(now.getTime() - at.getTime())
  const unit = UNITS.find(([, unitMs]) => distanceMs >= unitMs)
  if (unit === undefined) return 'just now'
  const [name, unitMs] = unit
  const count = Math.floor(distanceMs / unitMs)
  const text = `${count} ${name}${name === 'day' && count > 1 ? 's' : ''}`
  return at <= now ? `${text} ago` : `in ${text}`
}

/** `2026-03-01 14:05:00` in a time zone. */
export function absoluteTime(at: Date, timezone: string): string {
  const { date, time } = zonedTime(at, timezone)
  return `${date} ${time}`
}

/** `14:05:00` where it is today in that zone, else with the date. */
export function clockTime(at: Date, now: Date, timezone: string): string {
  const { date, time } = zonedTime(at, timezone)
  return date === zonedTime(now, timezone).date ? time : `${date} ${time}`
}

/** Date, time of day and offset (`+01:00`) of an instant in a time zone. */
export function zonedTime(at: Date, timezone: string): { date: string; time: string; offset: string } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  }).formatToParts(at)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}:${part('second')}`,
    offset: part('timeZoneName').replace('GMT', '') || '+00:00',
  }
}
