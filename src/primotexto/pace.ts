// How fast requests may follow each other, measured by a clock that nobody sets: one that waits by the time of day
// stands still for as long as that was set back.
import { setTimeout as delay } from 'node:timers/promises'

/** Resolves when the next request may be sent; rejects once the signal is aborted. */
export type Pace = (signal: AbortSignal) => Promise<void>

/** Evenly, so many a second at most; null: as they come. */
export function createPace(perSecond: number | null): Pace {
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
