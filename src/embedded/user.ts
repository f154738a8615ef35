// Runs PostgreSQL's own programs, each to its end, as a user that PostgreSQL accepts: it refuses root. An ordinary user
// runs them under the same id; root runs them as the owner of the cluster, or as `postgres`.

import { spawn } from 'node:child_process'
import { PrimosyncError } from '../errors.ts'

export interface Ids {
  uid: number
  gid: number
}

/** The user to run the server as, if this program runs as root. */
export interface ServerUser extends Ids {
  /** True if the server needs Linux's CAP_DAC_OVERRIDE, to enter folders that are closed to this user. */
  passesFolders: boolean
}

/** How a program ended: `code` is null if it could not be started, `output` holds both its streams. */
export interface Finished {
  code: number | null
  output: string
}

/** Runs a program to its end. Never rejects: the result holds what went wrong. */
export function run(command: string[], user: ServerUser | null, input = ''): Promise<Finished> {
  const [program = '', ...args] = user?.passesFolders ? [...throughSetpriv(user), ...command] : command
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: '/', // the user of the server may not be allowed to enter this program's folder
      detached: true, // so that a Ctrl-C in the terminal does not reach it
      env: environment(),
      ...(user && !user.passesFolders ? { uid: user.uid, gid: user.gid } : {}),
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    child.stdin.on('error', () => {}) // the program ended early; its exit code says so
    child.stdin.end(input)
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output: output.trim() }))
  })
}

/** Returns the user to run the server as under root: the owner of the cluster if there is one, else `postgres`. */
export async function serverIds(owner: Ids | null): Promise<Ids> {
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : await systemUser()
}

/**
 * Checks that the server can enter `folders`. Only root can enter a folder below /root, or one made by `mktemp -d`; if
 * needed, the server gets a capability to enter them. Rejects with a PrimosyncError if it still cannot.
 */
export async function reaching(ids: Ids, folders: string[]): Promise<ServerUser> {
  const enterAll = 'for folder; do cd "$folder" || exit 1; done'
  for (const passesFolders of [false, true]) {
    const user = { ...ids, passesFolders }
    if ((await run(['/bin/sh', '-c', enterAll, 'sh', ...folders], user)).code === 0) return user
  }
  const message = `PostgreSQL does not run as root, and its user (uid ${ids.uid}) cannot enter ${folders.join(' or ')}.`
  throw new PrimosyncError(message, {
    hint: 'Run primosync as an ordinary user. Or install it in a folder that all users may enter, and set PRIMOSYNC_DATA_DIR to another one.',
  })
}

function throughSetpriv({ uid, gid }: ServerUser): string[] {
  const capability = '-all,+dac_override'
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
  ]
}

async function systemUser(): Promise<Ids> {
  const add = [
    ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres'],
    ['addgroup', '-S', 'postgres'], // busybox
    ['adduser', '-S', '-D', '-H', '-G', 'postgres', 'postgres'],
  ]
  for (;;) {
    const [uid, gid] = await Promise.all([
      run(['id', '-u', 'postgres'], null),
      run(['id', '-g', 'postgres'], null),
    ])
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.output), gid: Number(gid.output) }
    const command = add.shift()
    if (!command) break
    await run(command, null)
  }
  throw new PrimosyncError(
    'PostgreSQL does not run as root, and there is no system user "postgres" to run it as.',
    {
      hint: 'Run primosync as an ordinary user, or add the system user "postgres".',
    },
  )
}

/** This program's environment, without the variables that change what PostgreSQL's programs do. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|TZ$)/.test(name))
  return { ...Object.fromEntries(own), LC_ALL: 'C' }
}
