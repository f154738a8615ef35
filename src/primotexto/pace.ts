// How fast requests may follow each other, measured by a clock that nobody sets: one that waits by the time of day
// stands still for as long as that was set back.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Gives what resolves when the next request may be sent, evenly and so many a second at most (null: at once), and
 * rejects once the signal is aborted.
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
