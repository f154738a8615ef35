// How the process ends: with everything closed that would go on without it, quietly when nobody reads on, and always.

/** How long closing may take when the process is ended early. */
const CLOSE_MS = 5_000

const closers = new Set<() => Promise<void>>()
let isEnding = false

/** Has `close` called if the process is ended early. Returns a function that takes this back. */
export function closeAtEnd(close: () => Promise<void>): () => void {
  closers.add(close)
  return () => void closers.delete(close)
}

/** Closes what is left to close, and ends the process; at once if it is called again meanwhile. */
export function endNow(exitCode?: number): void {
  if (isEnding) process.exit(exitCode)
  isEnding = true
  setTimeout(() => process.exit(exitCode), CLOSE_MS)
  void Promise.allSettled([...closers].map((close) => close())).then(() => process.exit(exitCode))
}

/**
 * `primosync … | head`, or a terminal that is gone: not an error. `onClosed` is called when stdout is closed. Nothing is
 * an error while `isLossy`.
 */
export function quietWhenClosed(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  isLossy: () => boolean,
  onClosed: () => void,
) {
  const isClosed = ({ code }: NodeJS.ErrnoException) => code === 'EPIPE' || code === 'EIO'
  let wasClosed = false // each further write is an error, too
  stdout.on('error', (error) => {
    if (isLossy()) return
    if (!isClosed(error)) throw error
    if (!wasClosed) onClosed()
    wasClosed = true
  })
  stderr.on('error', (error) => {
    if (!isLossy() && !isClosed(error)) throw error
  })
}

/** Ends the process if something is still open `patienceMs` after the work is done, and reports what. */
export function endWithin(patienceMs: number): void {
  const timer = setTimeout(() => {
    process.stderr.write(
      `primosync: closing what was left open: ${process.getActiveResourcesInfo().join(', ')}\n`,
    )
    process.exit()
  }, patienceMs)
  timer.unref()
}
