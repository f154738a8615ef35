// How long a `Retry-After` header asks to wait. Pure; RFC 9110, section 10.2.3.

const CEILING_MS = 60_000

/**
 * Milliseconds from `now` (epoch ms), at most a minute, whatever the header says: seconds or an HTTP date.
 * Null where it is missing, makes no sense or lies in the past.
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? ''
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - now
  return waitMs > 0 ? Math.min(waitMs, CEILING_MS) : null
}

/** Epoch ms, or NaN. Every form that is still sent ends in GMT; Date.parse alone finds a date in "-5" too. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]+, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN
}
