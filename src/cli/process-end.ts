// How the process ends: quietly when nobody reads on, and never by hanging.

/** `primosync … | head`: the reader has seen enough, which is no error. */
export function quietWhenPipeCloses(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

/** Ends the process if something is still open `patienceMs` after the work is done, and says what. */
export function endWithin(patienceMs: number): void {
  const timer = setTimeout(() => {
    process.stderr.write(
      `primosync: closing what was left open: ${process.getActiveResourcesInfo().join(', ')}\n`,
    )
    process.exit()
  }, patienceMs)
  timer.unref()
}
