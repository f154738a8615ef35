// The files of the embedded PostgreSQL in the data folder, beside its cluster: passwords, port, log. Only their owner
// can read them.

import { randomBytes, randomUUID } from 'node:crypto'
import { access, constants, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { PrimosyncError, reasonOf } from '../errors.ts'

/** The role that the program uses. It owns the database, and is not a superuser. */
export const OWNER_ROLE = 'primosync'
/** The login role for people and their tools (psql, BI). What it may read is granted in the warehouse. */
export const READER_ROLE = 'primosync_reader'
export const DATABASE = 'primosync'

/** The content of `postgres.json`: the port to start the server on, and its passwords. */
export interface Credentials {
  port: number
  superuserPassword: string
  ownerPassword: string
  readerPassword: string
}

export interface Folder {
  path: string
  /** PostgreSQL's own data directory. */
  cluster: string
  logFile: string
  passFile: string
  credentialsFile: string
}

/** Creates the data folder and its passwords if they are missing. Rejects if the folder cannot be written. */
export async function openFolder(dataDir: string, firstPort: number): Promise<Folder> {
  const path = resolve(dataDir)
  const folder = {
    path,
    cluster: join(path, 'postgres'),
    logFile: join(path, 'postgres.log'),
    passFile: join(path, 'pgpass'),
    credentialsFile: join(path, 'postgres.json'),
  }
  try {
    await mkdir(dirname(path), { recursive: true })
    await mkdir(path, { mode: 0o700 }).catch(unlessExists)
    await access(path, constants.W_OK)
    if (!(await exists(folder.cluster)))
      await createPrivate(folder.credentialsFile, newCredentials(firstPort))
    const { readerPassword } = await readCredentials(folder)
    // `*`: the port may change from one start to the next
    await createPrivate(folder.passFile, `127.0.0.1:*:${DATABASE}:${READER_ROLE}:${readerPassword}\n`)
    return folder
  } catch (error) {
    throw new PrimosyncError(`The data folder ${path} cannot be used: ${reasonOf(error)}.`, {
      hint: 'Make it readable and writable for this user, or set PRIMOSYNC_DATA_DIR to another folder or DATABASE_URL to a PostgreSQL of your own.',
      cause: error,
    })
  }
}

export async function readCredentials(folder: Folder): Promise<Credentials> {
  return JSON.parse(await readFile(folder.credentialsFile, 'utf8'))
}

/** Stores the port for the next start. */
export async function rememberPort(folder: Folder, port: number): Promise<void> {
  const credentials = await readCredentials(folder)
  if (credentials.port === port) return
  const fresh = await writeBeside(folder.credentialsFile, JSON.stringify({ ...credentials, port }))
  await rename(fresh, folder.credentialsFile)
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

function newCredentials(port: number): string {
  const password = () => randomBytes(24).toString('hex')
  return JSON.stringify({
    port,
    superuserPassword: password(),
    ownerPassword: password(),
    readerPassword: password(),
  } satisfies Credentials)
}

/** Creates a file completely or not at all. An existing file stays, also one that another process creates meanwhile. */
async function createPrivate(path: string, text: string): Promise<void> {
  if (await exists(path)) return
  const fresh = await writeBeside(path, text)
  try {
    await link(fresh, path).catch(unlessExists)
  } finally {
    await rm(fresh)
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

async function writeBeside(path: string, text: string): Promise<string> {
  const fresh = `${path}.${randomUUID()}`
  await writeFile(fresh, text, { mode: 0o600, flag: 'wx', flush: true })
  return fresh
}
