// Secrets: as values, or in files, as Docker and Kubernetes mount them.

import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Returns the current secret. Call it each time the secret is used. */
export type Secret = () => string

export function constantSecret(value: string): Secret {
  return () => value
}

type Read = (text: string) => string | undefined

/**
 * The secret in the file at `path`. The file is checked on each call and read again only when it has changed; while
 * it is missing or invalid, the last valid secret is returned. Throws at once if there is no valid one to begin with.
 * The message holds neither the content nor the file's name, as people write the key itself where its path belongs.
 */
export function openSecretFile(path: string, read: Read): Secret {
  let version = ''
  let secret = ''
  const refresh = () => {
    const current = versionOf(path)
    if (current === version) return
    secret = readSecret(path, read)
    version = current
  }
  try {
    refresh()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(
      code === undefined ? message : `no readable file of that name in ${dirname(path)}, ${code}`,
    )
  }
  return () => {
    try {
      refresh()
    } catch {
      // in the middle of being replaced
    }
    return secret
  }
}

function versionOf(path: string): string {
  const { ino, size, mtimeMs } = statSync(path)
  return `${ino} ${size} ${mtimeMs}`
}

function readSecret(path: string, read: Read): string {
  const text = readFileSync(path, 'utf8').trim()
  const secret = read(text)
  if (secret === undefined)
    throw new Error(text === '' ? 'the file is empty' : 'the file holds something else')
  return secret
}
