// The cron schedule: when ticks are due. Who is called keeps them from overlapping.
import { createTask, type ScheduledTask } from 'node-cron'

/** How many ticks ahead the widest pause is looked for. */
const LOOK_AHEAD = 500

export interface Schedule {
  start(): void
  stop(): Promise<void>
  nextTickAt(): Date | null
}

/** How far the clock of the day may run apart from time itself between two looks at it, until it counts as set. */
const CLOCK_STEP_MS = 1_000
const LOOK_EVERY_MS = 1_000

/** Calls `due` with each instant of the schedule (epoch milliseconds, whole seconds). */
export function createSchedule(
  pattern: string,
  timezone: string,
  due: (scheduledAt: number) => void,
): Schedule {
  const create = () => taskOf(pattern, timezone, ({ date }) => due(Math.floor(date.getTime() / 1000) * 1000))
  let task = create()
  let clockWatch: NodeJS.Timeout | null = null
  return {
    start() {
      void task.start()
      // node-cron sleeps until the next instant by the clock as it was: set back for a moment, it would sleep on.
      clockWatch = onClockStep(() => {
        void task.destroy()
        task = create()
        void task.start()
      })
    },
    async stop() {
      if (clockWatch) clearInterval(clockWatch)
      await task.destroy()
    },
    nextTickAt: () => task.getNextRuns(1)[0] ?? null, // getNextRun knows only a started task
  }
}

function onClockStep(stepped: () => void): NodeJS.Timeout {
  const offset = () => Date.now() - performance.now()
  let last = offset()
  const timer = setInterval(() => {
    const now = offset()
    if (Math.abs(now - last) > CLOCK_STEP_MS) stepped()
    last = now
  }, LOOK_EVERY_MS)
  return timer.unref()
}

/** The longest time between two ticks of a schedule in milliseconds, as far as its next 500 ticks tell. */
export function longestPauseMs(pattern: string, timezone: string): number {
  const instants = taskOf(pattern, timezone, () => {})
    .getNextRuns(LOOK_AHEAD)
    .map((date) => date.getTime())
  return Math.max(0, ...instants.slice(1).map((at, i) => at - instants[i]!))
}

function taskOf(pattern: string, timezone: string, run: (context: { date: Date }) => unknown): ScheduledTask {
  // A tick that was missed because the machine slept is not made up for: the next one asks for the totals of then.
  return createTask(pattern, run, { timezone, suppressMissedWarning: true })
}
