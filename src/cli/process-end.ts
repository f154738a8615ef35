// How the process ends: quietly when the reader of a pipe is gone, and always.

/** `primosync … | head`: a closed pipe is no error. */
export function quietWhenPipeCloses(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
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
