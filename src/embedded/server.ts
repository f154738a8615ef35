// Starts and stops the server of the embedded PostgreSQL, on a port of its own. It is a separate daemon, which keeps
// running if this program is killed.

import { open, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PrimosyncError, sentence } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { exists, type Folder, readCredentials, rememberPort } from './folder.ts'
import { createCluster, findInstallation, type Installation, reasonIn } from './setup.ts'
import { run } from './user.ts'

const PORTS_TRIED = 100
const WRITTEN_WITHIN_MS = 2_000

/**
 * Starts the server, and creates its cluster first if the folder has none. Resolves to false if another program is
 * starting or stopping it at the moment: then call it again.
 */
export async function startServer(folder: Folder, settings: Record<string, string>): Promise<boolean> {
  const installation = await findInstallation(folder)
  if (!(await exists(folder.cluster))) await createCluster(folder, installation, settings)
  await checkMajor(folder, installation)
  if (!(await removeDamagedPidFile(folder))) return false
  await prepareLog(folder, installation)

  const { port: remembered } = await readCredentials(folder)
  for (let port = remembered; port < remembered + PORTS_TRIED && port < 65536; port++) {
    if (!(await isFree(port))) continue
    const outcome = await startOn(port, folder, installation)
    if (outcome === 'started') await rememberPort(folder, port)
    if (outcome !== 'port taken') return outcome === 'started'
  }
  throw new PrimosyncError(
    `There is no free port for the embedded PostgreSQL from ${remembered} on (${PORTS_TRIED} tried).`,
    {
      hint: `Free one of them, or change the port in ${folder.credentialsFile}.`,
    },
  )
}

/** Stops the server and ends all of its sessions. Resolves when it has stopped. */
export async function stopServer(folder: Folder, mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
  const { pg_ctl, user } = await findInstallation(folder)
  const stopped = await run([pg_ctl, 'stop', '-s', '-w', '-t', '300', '-m', mode, '-D', folder.cluster], user)
  if (stopped.code !== 0 && (await readPidFile(folder))) {
    throw failed('did not stop', stopped.output, folder)
  }
}

/** Reads the server's pid file; returns null if there is none. It may be left over from a crashed server. */
export async function readPidFile(folder: Folder): Promise<{ pid: number; port: number } | null> {
  const text = await readFile(pidFileOf(folder), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid > 0 && port > 0 ? { pid, port } : null
}

async function checkMajor(folder: Folder, { major }: Installation): Promise<void> {
  const found = (await readFile(join(folder.cluster, 'PG_VERSION'), 'utf8').catch(() => 'unreadable')).trim()
  if (found === major) return
  throw new PrimosyncError(
    `${folder.cluster} belongs to PostgreSQL ${found}, and this primosync comes with ${major}.`,
    {
      hint: `Export its data with the primosync that made it (${PROGRAM} export) and move the folder away, or set PRIMOSYNC_DATA_DIR to a new folder.`,
    },
  )
}

/** Creates the log, because the server may not create files in the data folder. */
async function prepareLog(folder: Folder, { user }: Installation): Promise<void> {
  const file = await open(folder.logFile, 'a', 0o600)
  if (user) await file.chown(user.uid, user.gid)
  await file.close()
}

async function startOn(
  port: number,
  folder: Folder,
  { pg_ctl, user }: Installation,
): Promise<'started' | 'port taken' | 'busy'> {
  const { size } = await stat(folder.logFile)
  const wait = ['-s', '-w', '-t', '300']
  const command = [pg_ctl, 'start', ...wait, '-D', folder.cluster, '-l', folder.logFile, '-o', `-p ${port}`]
  const started = await run(command, user)
  if (started.code === 0) return 'started'
  const log = (await readFile(folder.logFile)).subarray(size).toString()
  if (log.includes('could not bind')) return 'port taken'
  if (log.includes('lock file "postmaster.pid" already exists')) {
    await removeStalePidFile(folder)
    return 'busy'
  }
  if (log.includes('ready to accept connections')) return 'busy' // it started, and another program stopped it
  throw failed('did not start', log || started.output, folder)
}

/**
 * After a power cut another program, or the server of another cluster, may have the process id in the file. PostgreSQL
 * does not detect that.
 */
async function removeStalePidFile(folder: Folder): Promise<void> {
  const running = await readPidFile(folder)
  if (!running) return
  const command = await commandOf(running.pid)
  const isOther = command !== '' && !command.includes('postgres')
  const place = await placeOf(running.pid)
  if (isOther || (place !== null && place !== (await realpath(folder.cluster))))
    await rm(pidFileOf(folder), { force: true })
}

/**
 * After a power cut the file may be empty or hold anything. A server that starts writes it at once, so it is removed
 * when it has been like that for a moment and no server runs there. Returns whether there is none like that any more.
 */
async function removeDamagedPidFile(folder: Folder): Promise<boolean> {
  const file = await stat(pidFileOf(folder)).catch(() => null)
  if (file === null || (await readPidFile(folder)) !== null) return true
  if (Math.abs(Date.now() - file.mtimeMs) < WRITTEN_WITHIN_MS || (await isServed(folder))) return false
  await rm(pidFileOf(folder), { force: true })
  return true
}

/** Whether a server runs on the cluster: its processes work in that folder. Elsewhere than on Linux its port tells. */
async function isServed(folder: Folder): Promise<boolean> {
  const pids = await readdir('/proc').catch(() => null)
  if (pids === null) return !(await isFree((await readCredentials(folder)).port))
  const cluster = await realpath(folder.cluster)
  const places = await Promise.all(pids.filter((name) => /^\d+$/.test(name)).map((pid) => placeOf(pid)))
  return places.includes(cluster)
}

/** The folder in which a process works; null if that cannot be read. */
const placeOf = (pid: number | string) => readlink(`/proc/${pid}/cwd`).catch(() => null)

const pidFileOf = (folder: Folder) => join(folder.cluster, 'postmaster.pid')

/** Returns the name of a running program; empty if there is none, or its name cannot be read. */
async function commandOf(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/comm`, 'utf8').catch(async () => {
    const { code, output } = await run(['ps', '-o', 'comm=', '-p', String(pid)], null)
    return code === 0 ? output : ''
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function failed(what: string, output: string, folder: Folder): PrimosyncError {
  const message = sentence(`The embedded PostgreSQL in ${folder.path} ${what}: ${reasonIn(output)}`)
  return new PrimosyncError(message, {
    hint: `Look for more in its log: ${folder.logFile}`,
  })
}
