// The daemon's loop: the first tick at once, then on schedule, until it is stopped. Between two ticks it stores what
// the database could not take.
import { PrimosyncError, reasonOf } from '../errors.ts'
import type { RunCounts } from '../warehouse/runs.ts'
import { catchUp } from './catching-up.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { type TickDeps, type TickReport, tick } from './tick.ts'

export interface DaemonDeps extends TickDeps {
  readonly pattern: string
  /** Called after every tick that ran. */
  onTick(report: TickReport): void
  /** Called with whether answers still wait, after each attempt to store them. */
  onWaiting?(isWaiting: boolean): void
  /** Called with what was stored between two ticks. */
  onLate?(counts: RunCounts): void
  /** Called for every instant at which a tick was due, with its outcome. */
  onDue?(outcome: TickOutcome): void
}

/**
 * The status of a tick that ran, or: `error` (it went wrong as a whole), `elsewhere` (another process ran it),
 * `left_out` (the one before was still under way).
 */
export const TICK_OUTCOMES = ['ok', 'partial', 'failed', 'error', 'elsewhere', 'left_out'] as const
export type TickOutcome = (typeof TICK_OUTCOMES)[number]

export interface Daemon {
  readonly schedule: Schedule
  /** Resolves when the first tick is over. */
  readonly firstTick: Promise<void>
  /** Starts no new tick, and waits for the one under way to store what has arrived. */
  stop(): Promise<void>
}

/** Starts ticking. `stop` is the signal that also ends the requests of a tick under way. */
export function startDaemon(deps: DaemonDeps, stop: AbortSignal): Daemon {
  let underWay: ReturnType<typeof runTick> | null = null
  let catchingUp = Promise.resolve()
  let untilNextTick = new AbortController()

  const run = async (trigger: 'startup' | 'schedule', scheduledAt: number | null): Promise<void> => {
    if (stop.aborted) return
    // Ticks never queue up: the next one asks for the totals of its own time.
    if (underWay) {
      deps.onDue?.('left_out')
      return deps.log.warn('a tick is left out: the one before is still under way')
    }
    untilNextTick.abort()
    underWay = runTick(deps, trigger, scheduledAt, stop)
    const report = await underWay
    underWay = null
    if (report) deps.onWaiting?.(report.waiting)
    // A tick that another process ran, or that failed, stored nothing of what waits here.
    if (report?.waiting === false || stop.aborted) return
    untilNextTick = new AbortController()
    const signal = AbortSignal.any([stop, untilNextTick.signal])
    catchingUp = catchUp(deps, (counts) => deps.onLate?.(counts), signal).then((isDone) => {
      if (isDone) deps.onWaiting?.(false)
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

/** Logs a tick that fails; the next one runs all the same. Never rejects. */
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
      log.debug('this tick was run by another process')
      return null
    }
    const { run, ...facts } = report
    const level = report.waiting || report.status !== 'ok' ? 'warn' : 'info'
    log[level]({ trigger, ...facts }, `tick ${report.status}`)
    deps.onTick(report)
    return report
  } catch (error) {
    if (error === stop.reason) {
      log.debug('the stop came before the turn of this tick')
      return null
    }
    deps.onDue?.('error')
    const hint = error instanceof PrimosyncError ? error.hint : null
    log.error(hint === null ? { err: error } : { hint }, `tick failed: ${reasonOf(error)}`)
    return null
  }
}
