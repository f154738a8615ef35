// How long a `Retry-After` header asks to wait. Pure; RFC 9110, section 10.2.3.

const CEILING_MS = 60_000

/**
 * Returns the time to wait from `now` (epoch milliseconds), in milliseconds and at most a minute. The header contains
 * seconds or an HTTP date. Null if it is missing, invalid or in the past.
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? ''
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - now
  return waitMs > 0 ? Math.min(waitMs, CEILING_MS) : null
}

/** Epoch milliseconds, or NaN. Date.parse alone would read "-5" as a date. All forms in use end in GMT. */
export function httpDate(text: string): number {
  return /^[A-Z][a-z]+, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN
}
