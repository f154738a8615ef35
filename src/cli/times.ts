// Instants by the clocks of the reporting time zone.

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
