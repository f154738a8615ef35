// A daemon goes on without its output: a reader that has gone or stands still, a full disk.
import { spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryFolder } from '../helpers/cli.ts'
import { install } from '../helpers/installation.ts'
import { PROGRAM } from '../helpers/program.ts'

const WAIT = { timeout: 20_000 }

test('a daemon whose readers have gone, and one whose disk is full, go on', async () => {
  const gone = await install('a')
  const { child, result, output } = gone.start(['start'], { SYNC_SCHEDULE: '* * * * * *' })
  await output(/dashboard/)
  child.stdout.destroy()
  child.stderr.destroy()
  const full = await install('b')
  const env = {
    PATH: process.env.PATH,
    PRIMOTEXTO_API_KEY: 'key',
    PRIMOTEXTO_BASE_URL: full.provider.baseUrl,
    PRIMOTEXTO_CATEGORIES: 'b',
    DATABASE_URL: full.databaseUrl,
    HTTP_PORT: '0',
    SYNC_SCHEDULE: '* * * * * *',
    LOG_LEVEL: 'trace',
  }
  const disk = existsSync('/dev/full') ? openSync('/dev/full', 'w') : 'ignore'
  const other = spawn(process.execPath, [PROGRAM, 'start'], {
    cwd: temporaryFolder(),
    env,
    stdio: ['ignore', disk, disk],
  })
  const ended = new Promise((resolve) => other.on('exit', resolve))
  onTestFinished(() => void other.kill('SIGKILL'))
  for (const { provider } of [gone, full])
    await vi.waitFor(() => expect(provider.served.length).toBeGreaterThanOrEqual(4), WAIT)
  child.kill('SIGTERM')
  other.kill('SIGTERM')
  expect(await result).toMatchObject({ code: 0 })
  expect(await ended).toBe(0)
}, 60_000)
