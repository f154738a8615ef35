// Ctrl-C and SIGTERM: the first asks the command to stop, the second ends the program at once.

import { PrimosyncError } from '../errors.ts'

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

// At Ctrl-C the terminal signals the whole process group, and npm (as in `npm start`) passes its own
// copy on a moment later: two signals for one key press.
const SAME_KEY_PRESS_MS = 250

// Supervisors often send SIGKILL ten seconds after SIGTERM.
const PATIENCE_MS = 9_000

/**
 * A signal that is aborted at the first SIGINT or SIGTERM; a command that has not ended nine seconds later is ended.
 * To be called once, by a command that can stop.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  let stoppedAtMs = 0
  const stop = (signal: keyof typeof EXIT_CODES) => {
    if (!controller.signal.aborted) {
      stoppedAtMs = performance.now()
      controller.abort(new PrimosyncError(`Stopped by ${signal}.`))
      setTimeout(() => process.exit(EXIT_CODES[signal]), PATIENCE_MS).unref()
    } else if (performance.now() - stoppedAtMs > SAME_KEY_PRESS_MS) {
      process.exit(EXIT_CODES[signal])
    }
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
