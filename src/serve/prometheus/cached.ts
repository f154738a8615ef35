// A value that is read now and then and cached meanwhile: concurrent callers share one reading, and a reading that
// fails leaves the previous value.
import { unlessStopped } from '../../stopping.ts'

export interface Cached<T> {
  /** The newest value available within `patienceMs`; null: none yet. Never rejects. */
  get(): Promise<T | null>
  /** Whether the last reading succeeded, and in time. */
  readonly isWell: boolean
}

export interface CacheOptions {
  /** How long a value is used before it is read again. */
  readonly maxAgeMs: number
  /** At most this part of the time is spent reading: 0.02 keeps a value for 50 times as long as it took. */
  readonly share: number
  /** How long a caller waits for a reading, which then goes on for the next caller. */
  readonly patienceMs: number
  onError(error: unknown): void
}

export function cached<T>(
  read: () => Promise<T>,
  { maxAgeMs, share, patienceMs, onError }: CacheOptions,
): Cached<T> {
  let value: T | null = null
  let isWell = false
  let goodUntilMs = 0
  let underWay: Promise<void> | null = null

  const refresh = async () => {
    const startedMs = performance.now()
    try {
      value = await read()
      isWell = true
      const endedMs = performance.now()
      goodUntilMs = endedMs + Math.max(maxAgeMs, (endedMs - startedMs) / share)
    } catch (error) {
      isWell = false
      onError(error)
    }
    underWay = null
  }

  return {
    async get() {
      if (performance.now() >= goodUntilMs) underWay ??= refresh()
      if (underWay) {
        await unlessStopped(underWay, AbortSignal.timeout(patienceMs)).catch(() => {
          isWell = false
        })
      }
      return value
    },
    get isWell() {
      return isWell
    },
  }
}
