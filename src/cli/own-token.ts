// The token that opens the pages where none is set and others can reach them: made once, kept in the data folder.
import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Returns the token of a data folder, which nobody but its owner can read; makes it at the first call. */
export async function ownToken(folder: string): Promise<string> {
  const path = join(folder, 'http-token')
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (/^[\w-]{32}\n$/.test(kept)) {
    await chmod(path, 0o600)
    return kept.trim()
  }
  const token = randomBytes(24).toString('base64url')
  const fresh = `${path}.new-${process.pid}`
  await writeFile(fresh, `${token}\n`, { mode: 0o600 })
  await rename(fresh, path) // so that a crash leaves no half of it
  return token
}
