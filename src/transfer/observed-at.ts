// Reads the instant of a line: ISO 8601 with an offset (contract, section 2). Pure.

/** Epoch milliseconds, or the reason why the text is invalid, in words that follow "observed_at". */
export type Instant = number | { readonly reason: string }

const SHAPE =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?$/
const MINUTE_MS = 60_000

/**
 * Reads `2026-03-01T12:00:00Z`, also with a space, without seconds, with `+02:00`, `+0200` or `+02`. Digits beyond
 * milliseconds are cut off. Refuses instants without an offset, dates and times that do not exist, leap seconds, and
 * instants before 1970 or after `now` (epoch milliseconds).
 */
export function readInstant(text: string, now: number): Instant {
  const parts = SHAPE.exec(text)
  if (parts === null) {
    return { reason: 'is not an instant such as 2026-03-01T12:00:00Z or 2026-03-01T12:00:00+01:00' }
  }
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second = '0',
    fraction = '',
    zulu,
    sign,
    offsetHour,
    offsetMinute,
  ] = parts
  if (zulu === undefined && sign === undefined) {
    return { reason: 'has no offset: end it with Z for UTC, or with an offset such as +02:00' }
  }
  if (+month! < 1 || +month! > 12 || +day! < 1 || +day! > daysIn(+year!, +month!)) {
    return { reason: 'is a date that does not exist' }
  }
  if (+hour! > 23 || +minute! > 59 || +second > 59) return { reason: 'is a time that does not exist' }
  const offset = sign === undefined ? 0 : +offsetHour! * 60 + +(offsetMinute ?? 0)
  if (+(offsetMinute ?? 0) > 59 || offset >= 24 * 60) return { reason: 'has an offset that does not exist' }

  const milliseconds = fraction === '' ? 0 : +fraction.slice(0, 3).padEnd(3, '0')
  // Date.UTC reads a year below 100 as 19xx. Any year before 1970 is refused below.
  const local = Date.UTC(Math.max(+year!, 100), +month! - 1, +day!, +hour!, +minute!, +second, milliseconds)
  const at = local - (sign === '-' ? -offset : offset) * MINUTE_MS
  if (at < 0) return { reason: 'is before 1970' }
  if (at > now) return { reason: 'is in the future' }
  return at
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}
