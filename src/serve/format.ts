// Numbers as the reader writes them, instants in the reporting zone, and how long something takes.
import type { Value } from './read/trends.ts'

export interface Formats {
  readonly locale: string
  /** `1 234`; a dash where unknown. */
  count(value: Value | undefined): string
  /** `+1 234`, `−3`. */
  signed(value: Value): string
  /** 0.9512: `95.1%`. */
  percent(value: Value | undefined): string
  /** 0.12: `+12%`. */
  change(value: number): string
  /** `2026-03-01 14:05`, in the reporting zone. */
  instant(at: Date): string
  /** `2026-03-01`, in the reporting zone. */
  date(at: Date): string
  /** `1.5 MB` */
  bytes(bytes: number): string
}

/** The first language of an Accept-Language header that numbers can be written in; else English. */
export function localeOf(acceptLanguage: string | undefined): string {
  const wanted = (acceptLanguage ?? '')
    .split(',', 8)
    .map((part) => part.split(';')[0]!.trim())
    .filter((tag) => /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(tag))
  return wanted.find(isSupported) ?? 'en'
}

function isSupported(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false
  }
}

const NONE = '–'

export function createFormats(locale: string, timezone: string): Formats {
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const signed = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' })
  const percent = new Intl.NumberFormat(locale, {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  })
  const change = new Intl.NumberFormat(locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: 0,
  } as const)
  // Swedes write dates as ISO does, and so nobody takes the month for the day
  const instant = new Intl.DateTimeFormat('sv', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  } as const)
  const bytes = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  return {
    locale,
    count: (value) => (value == null ? NONE : count.format(exact(value))),
    signed: (value) => (value === null ? NONE : signed.format(exact(value))),
    percent: (value) => (value == null ? NONE : percent.format(Number(value))),
    change: (value) => change.format(value),
    instant: (at) => instant.format(at),
    date: (at) => instant.format(at).slice(0, 10),
    bytes: (size) => (size < 1e6 ? `${bytes.format(size / 1e3)} kB` : `${bytes.format(size / 1e6)} MB`),
  }
}

/** What a number could not hold has arrived as digits. */
const exact = (value: number | string) => (typeof value === 'number' ? value : BigInt(value))

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `1 d 13 h`, `5 min`, `12 s`: the two largest units, cut off. */
export function duration(ms: number): string {
  const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs)
  if (first === -1) return `${Math.round(ms)} ms`
  const [unit, unitMs] = UNITS[first]!
  const next = UNITS[first + 1]
  const rest = next && unit !== 'min' ? Math.floor((ms % unitMs) / next[1]) : 0
  return `${Math.floor(ms / unitMs)} ${unit}${rest > 0 ? ` ${rest} ${next![0]}` : ''}`
}

/** `3 min ago`, `in 12 s`, `just now`: the largest unit, cut off. */
export function relative(at: Date, now: Date): string {
  const distanceMs = Math.abs(now.getTime() - at.getTime())
  const unit = UNITS.find(([, unitMs]) => distanceMs >= unitMs)
  if (unit === undefined) return 'just now'
  const text = `${Math.floor(distanceMs / unit[1])} ${unit[0]}`
  return at <= now ? `${text} ago` : `in ${text}`
}

/** The date of an instant in a zone: `2026-03-01`. */
export function dateIn(timezone: string, at: Date): string {
  return new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short' }).format(at)
}
