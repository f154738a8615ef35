// Secrets: given as values, or in files, as Docker and Kubernetes mount them.

import { readFileSync, statSync } from 'node:fs'

/** Returns the current secret. Call it each time the secret is used. */
export type Secret = () => string

export function constantSecret(value: string): Secret {
  return () => value
}

type Read = (text: string) => string | undefined

/**
 * Returns a reader of the secret in the file at `path`. The reader checks the file on each call, and reads it again only
 * if it has changed. While the file is missing or invalid, the last valid secret is returned. Throws at once if there
 * is no valid one to begin with. The message contains neither the content of the file nor its path, as people write the
 * key itself where its path belongs.
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
    throw new Error(code === undefined ? message : `the file cannot be read: ${code}`)
  }
  return () => {
    try {
      refresh()
    } catch {
      // The file is being replaced: the last valid secret stays.
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
    throw new Error(text === '' ? 'the file is empty' : 'the file contains something else')
  return secret
}
