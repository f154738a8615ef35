// A PgBouncer in transaction mode, if one is installed.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Bouncer {
  readonly port: number
  close(): Promise<void>
}

/** Starts one in front of `targetPort`, with its log in the folder `root`. Null if this machine has no PgBouncer. */
export async function openBouncer(
  root: string,
  targetPort: number,
  password: string,
): Promise<Bouncer | null> {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'pipe' })
  } catch {
    return null
  }
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'primosync-faults-bouncer-'))
  const users = join(folder, 'users.txt')
  const ini = join(folder, 'pgbouncer.ini')
  writeFileSync(users, `"primosync" "${password}"\n`, { mode: 0o600 })
  writeFileSync(
    ini,
    `[databases]
primosync = host=127.0.0.1 port=${targetPort} dbname=primosync
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
server_login_retry = 1
logfile = ${join(root, 'pgbouncer.log')}
`,
    { mode: 0o600 },
  )
  const asUser = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
  if (asUser.length > 0) {
    for (const path of [folder, users, ini]) execFileSync('chown', ['postgres', path])
    // The user of PgBouncer must be able to write the log in the folder of the suite.
    writeFileSync(join(root, 'pgbouncer.log'), '', { mode: 0o666 })
    execFileSync('chmod', ['711', root])
    execFileSync('chmod', ['666', join(root, 'pgbouncer.log')])
  }
  const child = spawn('pgbouncer', [...asUser, ini], { stdio: 'ignore' })
  return {
    port,
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      if (child.exitCode === null) await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
