// How fast requests may follow each other, by the monotonic clock: a limiter that uses the time of day would stop for
// as long as the clock is set back.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Returns a function whose promise resolves when the next request may be sent: evenly, at most `perSecond` (null: at
 * once). It rejects once the signal is aborted.
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
