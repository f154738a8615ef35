// Stops waiting for work that cannot be interrupted.

/**
 * Settles like `work`, or rejects with the reason of `stop` when `stop` was aborted `graceMs` ago. The work itself goes
 * on.
 */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal, graceMs = 0): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const onStop = () => {
    timer = setTimeout(() => reject(stop.reason), graceMs)
  }
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop)
  try {
    return await Promise.race([work, stopped])
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}
