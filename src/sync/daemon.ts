// The loop of the daemon: the first tick at once, then on schedule, until it is stopped. Between two ticks it stores
// what the database could not take before.
import { PrimosyncError, reasonOf, sentence } from '../errors.ts'
import type { RunCounts } from '../warehouse/runs.ts'
import { catchUp } from './catching-up.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { type TickDeps, type TickReport, tick } from './tick.ts'

export interface DaemonDeps extends TickDeps {
  readonly pattern: string
  /** `onTick` shows each report to a person who sees the log, too; the log then tells it at level debug only. */
  readonly showsTicks?: boolean
  /** Called after every tick that ran. */
  onTick(report: TickReport): void
  /** Called after each attempt to store answers, with whether some still wait, and why. */
  onWaiting?(isWaiting: boolean, problem: string | null): void
  /** Called with what was stored between two ticks. */
  onLate?(counts: RunCounts): void
  /** Called with the outcome of every tick that was due, also of one that did not run. */
  onDue?(outcome: TickOutcome): void
}

/**
 * The status of a tick that ran, or: `error` (the tick failed as a whole), `elsewhere` (another process ran it),
 * `left_out` (the tick before was still under way).
 */
export const TICK_OUTCOMES = ['ok', 'partial', 'failed', 'error', 'elsewhere', 'left_out'] as const
export type TickOutcome = (typeof TICK_OUTCOMES)[number]

export interface Daemon {
  readonly schedule: Schedule
  /** Resolves when the first tick is over. */
  readonly firstTick: Promise<void>
  /** Starts no new tick, and waits until the one under way has stored what has arrived. */
  stop(): Promise<void>
}

/** Starts the first tick and the schedule. The signal `stop` also ends the requests of a tick under way. */
export function startDaemon(deps: DaemonDeps, stop: AbortSignal): Daemon {
  let underWay: ReturnType<typeof runTick> | null = null
  let catchingUp = Promise.resolve()
  let untilNextTick = new AbortController()

  const run = async (trigger: 'startup' | 'schedule', scheduledAt: number | null): Promise<void> => {
    if (stop.aborted) return
    // Ticks do not queue up, as the next one asks for newer totals anyway.
    if (underWay) {
      deps.onDue?.('left_out')
      return deps.log.warn('A tick is left out, as the one before is still under way.')
    }
    untilNextTick.abort()
    underWay = runTick(deps, trigger, scheduledAt, stop)
    const report = await underWay
    underWay = null
    if (report) deps.onWaiting?.(report.waiting, report.problem)
    // A tick that another process ran, or that failed, stored nothing of what waits here.
    if (report?.waiting === false || stop.aborted) return
    untilNextTick = new AbortController()
    const signal = AbortSignal.any([stop, untilNextTick.signal])
    catchingUp = catchUp(deps, (counts) => deps.onLate?.(counts), signal).then((isDone) => {
      if (isDone) deps.onWaiting?.(false, null)
    })
  }
  const firstTick = run('startup', null)
  const schedule = createSchedule(
    deps.pattern,
    deps.timezone,
    (scheduledAt) => void run('schedule', scheduledAt),
  )
  schedule.start()
  return {
    schedule,
    firstTick,
    async stop() {
      schedule.stop()
      await underWay
      await catchingUp
    },
  }
}

/** Logs a tick that fails, so that the next one runs nevertheless. Never rejects. */
async function runTick(
  deps: DaemonDeps,
  trigger: 'startup' | 'schedule',
  scheduledAt: number | null,
  stop: AbortSignal,
): Promise<TickReport | null> {
  const { log } = deps
  try {
    const report = await tick(deps, { trigger, scheduledAt }, stop)
    deps.onDue?.(report === null ? 'elsewhere' : report.status)
    if (report === null) {
      log.debug('This tick was run by another process.')
      return null
    }
    const { run, ...facts } = report
    const usual = report.waiting || report.status !== 'ok' ? 'warn' : 'info'
    const level = deps.showsTicks ? 'debug' : usual
    log[level]({ trigger, ...facts }, `Tick finished: ${report.status}.`)
    deps.onTick(report)
    return report
  } catch (error) {
    if (error === stop.reason) {
      log.debug('A tick was stopped before it began.')
      return null
    }
    deps.onDue?.('error')
    const hint = error instanceof PrimosyncError ? error.hint : null
    log.error(hint === null ? { err: error } : { hint }, sentence(`Tick failed: ${reasonOf(error)}`))
    return null
  }
}
