// The cron schedule: when ticks are due. Who is called keeps them from overlapping.
import { createTask, type ScheduledTask } from 'node-cron'

/** How many ticks ahead the widest pause is looked for. */
const LOOK_AHEAD = 500
/** The clock is looked at so often: it may be set, and a machine that slept wakes up at another time. */
const LOOK_EVERY_MS = 1_000

export interface Schedule {
  start(): void
  stop(): void
  nextTickAt(): Date | null
}

/**
 * Calls `due` with each instant of the schedule (epoch milliseconds, whole seconds); once for all that were missed
 * together. node-cron only says when the instants are: it sleeps by the clock as it was, so that one that is set
 * back for a moment silences it, and it counts through all the seconds of a sleep before it goes on.
 */
export function createSchedule(
  pattern: string,
  timezone: string,
  due: (scheduledAt: number) => void,
): Schedule {
  const instants = instantsOf(pattern, timezone)
  const nextTickAt = () => instants.getNextRuns(1)[0] ?? null // getNextRun knows only a started task
  let timer: NodeJS.Timeout | undefined
  let nextAt = Number.POSITIVE_INFINITY
  let lookedAt = 0

  const aim = () => {
    nextAt = nextTickAt()?.getTime() ?? Number.POSITIVE_INFINITY
  }
  const look = () => {
    const now = Date.now()
    const isDue = now >= nextAt
    const dueAt = nextAt
    if (isDue || now < lookedAt) aim()
    lookedAt = now
    timer = setTimeout(look, Math.min(Math.max(nextAt - now, 1), LOOK_EVERY_MS))
    if (isDue) due(dueAt)
  }
  return {
    start() {
      aim()
      look()
    },
    stop: () => clearTimeout(timer),
    nextTickAt,
  }
}

/** The longest time between two ticks of a schedule in milliseconds, as far as its next 500 ticks tell. */
export function longestPauseMs(pattern: string, timezone: string): number {
  const instants = instantsOf(pattern, timezone)
    .getNextRuns(LOOK_AHEAD)
    .map((date) => date.getTime())
  return Math.max(0, ...instants.slice(1).map((at, i) => at - instants[i]!))
}

/** A task of node-cron that is never started. */
function instantsOf(pattern: string, timezone: string): ScheduledTask {
  return createTask(pattern, () => {}, { timezone })
}
