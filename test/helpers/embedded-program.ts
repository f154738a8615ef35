// A program with an embedded PostgreSQL, for tests that kill it. It prints one line of JSON when the server is ready or
// refused, and stops when its input ends. `--unprivileged`: drops the rights of root first; `--nameless`: becomes a user
// id without a name, as root can.

import { createInterface } from 'node:readline'
import { openEmbedded } from '../../src/embedded/embedded.ts'
import { PrimosyncError } from '../../src/errors.ts'

const [dataDir = '', ...flags] = process.argv.slice(2)
if (flags.includes('--unprivileged') && process.getuid?.() === 0) {
  process.setgid?.(65534)
  process.setuid?.(65534)
}
if (flags.includes('--nameless')) {
  process.setgid?.(54321)
  process.setuid?.(54321)
}
try {
  const server = await openEmbedded({ dataDir, exclusive: flags.includes('--exclusive') })
  console.log(JSON.stringify({ ownerUrl: server.ownerUrl }))
  createInterface({ input: process.stdin }).on('close', () => server.stop())
} catch (error) {
  if (!(error instanceof PrimosyncError)) throw error
  console.log(JSON.stringify({ message: error.message, hint: error.hint, exitCode: error.exitCode }))
}
