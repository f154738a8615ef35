// An embedded server that need not start at once: it is tried again until it does, and the program works meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseAwayError, reasonOf, sentence, UsageError } from '../errors.ts'
import { type EmbeddedOptions, type EmbeddedServer, FolderInUseError, openEmbedded } from './embedded.ts'

const AGAIN_AFTER_MS = 5_000
/** How long a start is waited for: a server that was killed may have much to recover. */
const PATIENCE_MS = 30_000

export interface KeptServer {
  /** Throws a DatabaseAwayError while the server does not run. */
  readonly ownerUrl: string
  /** Null while the server does not run. */
  readonly publicUrl: string | null
  stop(): Promise<void>
}

/** Resolves when the server runs, or after its first failure. Rejects only if another program uses the folder, or for wrong usage. */
export async function keepEmbedded(options: EmbeddedOptions): Promise<KeptServer> {
  const { log = () => {} } = options
  const stopped = new AbortController()
  let server: EmbeddedServer | null = null
  let reason = 'The embedded PostgreSQL is being started.'

  const first = openEmbedded(options)
  const takeOver = async (opening: Promise<EmbeddedServer>) => {
    const opened = await opening
    if (stopped.signal.aborted) await opened.stop()
    else server = opened
  }
  const keepTrying = async () => {
    let opening = first
    while (server === null && !stopped.signal.aborted) {
      try {
        await takeOver(opening)
      } catch (error) {
        if (reasonOf(error) !== reason) log(sentence(reasonOf(error)))
        reason = reasonOf(error)
        await delay(AGAIN_AFTER_MS, undefined, stopped).catch(() => {})
        if (!stopped.signal.aborted) opening = openEmbedded(options)
      }
    }
  }
  const patience = new AbortController()
  const failed = first.then(
    () => null,
    (error: unknown) => error,
  )
  const failure = await Promise.race([failed, delay(PATIENCE_MS, null, patience).catch(() => null)])
  patience.abort()
  if (failure instanceof FolderInUseError || failure instanceof UsageError) throw failure
  const trying = keepTrying()
  if (failure === null) await Promise.race([trying, delay(0)])
  return {
    get ownerUrl() {
      if (server === null) throw new DatabaseAwayError(reason)
      return server.ownerUrl
    },
    get publicUrl() {
      return server?.publicUrl ?? null
    },
    async stop() {
      stopped.abort()
      await server?.stop()
    },
  }
}
