// The cron schedule: when ticks are due. The caller keeps ticks from overlapping.
import { createTask, type ScheduledTask } from 'node-cron'

/** Among how many future ticks the longest pause is looked for. */
const LOOK_AHEAD = 500
/** How often the clock is read: it may be set, and jumps when a suspended machine wakes up. */
const LOOK_EVERY_MS = 1_000

export interface Schedule {
  start(): void
  stop(): void
  nextTickAt(): Date | null
}

/**
 * Calls `due` with each instant of the schedule (epoch milliseconds, whole seconds), and only once for several instants
 * that were missed. node-cron only computes the instants: its own timers stop after the clock is set back, and step
 * through all the seconds for which a machine was suspended.
 */
export function createSchedule(
  pattern: string,
  timezone: string,
  due: (scheduledAt: number) => void,
): Schedule {
  const instants = instantsOf(pattern, timezone)
  const nextTickAt = () => instants.getNextRuns(1)[0] ?? null // getNextRun works only for a started task
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

/** Returns the longest time between two of the next 500 ticks of a schedule, in milliseconds. */
export function longestPauseMs(pattern: string, timezone: string): number {
  const instants = instantsOf(pattern, timezone)
    .getNextRuns(LOOK_AHEAD)
    .map((date) => date.getTime())
  return Math.max(0, ...instants.slice(1).map((at, i) => at - instants[i]!))
}

/** Makes a task of node-cron that is never started, to compute instants. */
function instantsOf(pattern: string, timezone: string): ScheduledTask {
  return createTask(pattern, () => {}, { timezone })
}
