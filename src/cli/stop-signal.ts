// Ctrl-C, SIGTERM, a terminal that is closed (SIGHUP), and an npm that is gone: the first asks the command to stop, or
// ends it if it cannot stop; the second ends the program at once.
import { PrimosyncError } from '../errors.ts'
import { endNow } from './process-end.ts'

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof EXIT_CODES

// At Ctrl-C the terminal signals the whole process group, and npm (as in `npm start`) passes its own
// copy on a moment later: two signals for one key press.
const SAME_KEY_PRESS_MS = 250

// Supervisors often send SIGKILL ten seconds after SIGTERM.
const PATIENCE_MS = 9_000

const PARENT_EVERY_MS = 1_000

let stopping: { readonly controller: AbortController; since: number } | null = null
let isListening = false

/**
 * A signal that is aborted when the program should stop; a command that has not ended nine seconds later is ended. To
 * be called once, by a command that can stop.
 */
export function stopSignal(): AbortSignal {
  endAtSignals()
  stopping = { controller: new AbortController(), since: 0 }
  return stopping.controller.signal
}

/** Ends the program at a signal, with what must be closed, unless its command has asked for the signal. */
export function endAtSignals(): void {
  if (isListening) return
  isListening = true
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  watchNpm()
}

/** Stops as after a hangup: for when nothing reads what the program prints. */
export function stopQuietly(): void {
  if (stopping === null) endNow()
  else stop('SIGHUP')
}

function stop(signal: StopSignal): void {
  if (stopping === null) endNow(EXIT_CODES[signal])
  else if (!stopping.controller.signal.aborted) {
    stopping.since = performance.now()
    stopping.controller.abort(new PrimosyncError(`Stopped by ${signal}.`))
    setTimeout(() => endNow(EXIT_CODES[signal]), PATIENCE_MS).unref()
  } else if (performance.now() - stopping.since > SAME_KEY_PRESS_MS && signal !== 'SIGHUP') {
    endNow(EXIT_CODES[signal])
  }
}

/** An npm that was killed passes no signal on, and what it started would go on unseen. */
function watchNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    stop('SIGHUP')
  }, PARENT_EVERY_MS)
  timer.unref()
}
