// The rate limit. It uses the monotonic clock, because a limiter on the time of day would stop for as long as the clock
// is set back.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Returns a function that resolves when the next request may be sent: evenly spaced, at most `perSecond` per second
 * (null: at once). It rejects if its signal is aborted while it waits.
 */
export function createPace(perSecond: number | null): (signal: AbortSignal) => Promise<void> {
  if (perSecond === null) return async () => {}
  const intervalMs = 1000 / perSecond
  let nextAt = 0
  return async (signal) => {
    const now = performance.now()
    const at = Math.max(now, nextAt)
    nextAt = at + intervalMs
    if (at > now) await delay(Math.ceil(at - now), undefined, { signal })
  }
}
