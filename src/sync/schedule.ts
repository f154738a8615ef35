// The cron schedule: when ticks are due. The caller keeps ticks from overlapping.
import { instantsOf } from '../cron.ts'

/** How often the clock is read: it may be set, and jumps when a suspended machine wakes up. */
const LOOK_EVERY_MS = 1_000
/** A clock that is set back by less goes through no instant a second time; one that is set back further starts anew. */
const SMALL_STEP_MS = 60_000

export interface Schedule {
  start(): void
  stop(): void
  nextTickAt(): Date | null
}

/**
 * Calls `due` with each instant of the schedule (epoch milliseconds, whole seconds), and only once for several instants
 * that were missed. When the clock is set, the next instant is found anew.
 */
export function createSchedule(
  pattern: string,
  timezone: string,
  due: (scheduledAt: number) => void,
): Schedule {
  const instants = instantsOf(pattern, timezone)
  let timer: NodeJS.Timeout | undefined
  let nextAt = Number.POSITIVE_INFINITY
  let lookedAt = 0
  let lastDueAt = Number.NEGATIVE_INFINITY

  const nextFrom = (now: number) => {
    const wasJustDue = lastDueAt > now && lastDueAt - now < SMALL_STEP_MS
    return instants.after(wasJustDue ? lastDueAt : now)
  }
  const aim = (now: number) => {
    nextAt = nextFrom(now) ?? Number.POSITIVE_INFINITY
  }
  const look = () => {
    const now = Date.now()
    const isDue = now >= nextAt
    const dueAt = nextAt
    if (isDue) lastDueAt = dueAt
    if (isDue || now < lookedAt) aim(now)
    lookedAt = now
    timer = setTimeout(look, Math.min(Math.max(nextAt - now, 1), LOOK_EVERY_MS))
    if (isDue) due(dueAt)
  }
  return {
    start() {
      aim(Date.now())
      look()
    },
    stop: () => clearTimeout(timer),
    nextTickAt() {
      const next = nextFrom(Date.now())
      return next === null ? null : new Date(next)
    },
  }
}
