// How a pool connects where its URL names several hosts, or leaves it open whether TLS is used: they are tried in turn,
// and what has worked is tried first from then on.
import type pg from 'pg'
import { candidatesOf, isPrimaryWanted, withOptions } from '../postgres-url.ts'
import { pinSession, STARTUP_OPTIONS } from './session.ts'

const READ_ONLY = 'The server is read-only, and target_session_attrs asks for one that is not.'

/** PgBouncer's words. */
const REFUSES_OPTIONS = /unsupported (startup parameter|options startup parameter)/i

/** `url` is called for each connection. */
export function tryInTurn(pool: pg.Pool, url: () => string): void {
  let current = 0
  let isPinnedAtStart = true
  const connectionString = () => {
    const candidates = candidatesOf(url())
    const candidate = candidates[current % candidates.length]!.url
    return isPinnedAtStart ? withOptions(candidate, STARTUP_OPTIONS) : candidate
  }
  Object.defineProperty(pool.options, 'connectionString', { get: connectionString, enumerable: true })
  Object.assign(pool.options, {
    onConnect: async (client: pg.ClientBase) => {
      if (!isPinnedAtStart) await pinSession(client)
    },
    verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
      if (isPrimaryWanted(url())) refuseReadOnly(client).then(() => done(), done)
      else done()
    },
  })
  const connectOnce = pool.connect.bind(pool) as () => Promise<pg.PoolClient>
  const connect = async (): Promise<pg.PoolClient> => {
    const candidates = candidatesOf(url())
    const tried = new Set<number>()
    for (;;) {
      const index = current % candidates.length
      tried.add(index)
      try {
        return await connectOnce()
      } catch (error) {
        if (isPinnedAtStart && REFUSES_OPTIONS.test((error as Error).message)) {
          isPinnedAtStart = false
          tried.delete(index)
          continue
        }
        const next = nextOf(candidates, index, error, tried)
        if (next === null) throw error
        current = next
      }
    }
  }
  // pool.query calls it with a callback.
  const withCallback = (callback?: (...outcome: unknown[]) => void) => {
    const connecting = connect()
    if (callback === undefined) return connecting
    connecting.then((client) => callback(undefined, client, client.release), callback)
    return undefined
  }
  pool.connect = withCallback as typeof pool.connect
}

/**
 * After a failure that is about TLS, the same host is tried in the other way; after a refused login none, as libpq has
 * it; after any other one the next host.
 */
function nextOf(
  candidates: ReturnType<typeof candidatesOf>,
  failed: number,
  error: unknown,
  tried: ReadonlySet<number>,
): number | null {
  const { code, message } = error as { code?: string; message?: string }
  if (code === '28P01' || code === '3D000') return null
  const isAboutTls = code === '28000' || /\b(SSL|TLS|certificate)\b/i.test(message ?? '')
  const { host } = candidates[failed]!
  for (let step = 1; step < candidates.length; step++) {
    const index = (failed + step) % candidates.length
    if (!tried.has(index) && (candidates[index]!.host !== host || isAboutTls)) return index
  }
  return null
}

async function refuseReadOnly(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query('show transaction_read_only')
  if (rows[0].transaction_read_only === 'on') throw new Error(READ_ONLY)
}
