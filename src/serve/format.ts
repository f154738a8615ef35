// Numbers as the reader writes them, and instants in the reporting time zone.
import type { Value } from '../read/trends.ts'

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
  // The Swedish date format is that of ISO 8601.
  const instant = new Intl.DateTimeFormat('sv', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  } as const)
  return {
    locale,
    count: (value) => (value == null ? NONE : count.format(exact(value))),
    signed: (value) => (value === null ? NONE : signed.format(exact(value))),
    percent: (value) => (value == null ? NONE : percent.format(Number(value))),
    change: (value) => change.format(value),
    instant: (at) => instant.format(at),
    date: (at) => instant.format(at).slice(0, 10),
  }
}

/** Integers beyond 2^53 arrive as text. */
const exact = (value: number | string) => (typeof value === 'number' ? value : BigInt(value))

/** The date of an instant in a zone: `2026-03-01`. */
export function dateIn(timezone: string, at: Date): string {
  return new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short' }).format(at)
}
