// The embedded PostgreSQL does not start: the answers are asked for and kept, and stored once it does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { startCountingProvider } from '../helpers/counting-provider.ts'

const WAIT = { timeout: 40_000 }

test('an embedded PostgreSQL that does not start stops no run', async () => {
  const provider = await startCountingProvider()
  const cwd = temporaryFolder()
  const env = {
    PRIMOTEXTO_API_KEY: 'key',
    PRIMOTEXTO_BASE_URL: provider.baseUrl,
    PRIMOTEXTO_CATEGORIES: 'a,b',
    HTTP_PORT: '0',
    SYNC_SCHEDULE: '* * * * * *',
  }
  expect(await runCli(['sync'], { cwd, env })).toMatchObject({ code: 0 })
  const file = join(cwd, '.primosync/postgres/postgresql.conf')
  const settings = readFileSync(file, 'utf8')
  writeFileSync(file, `${settings}\nshared_buffers = 'nonsense'\n`)
  const away = await runCli(['sync'], { cwd, env })
  expect(away).toMatchObject({ code: 4, stdout: expect.stringMatching(/0 stored, .*did not start/) })
  expect(provider.served).toHaveLength(6) // two runs of two categories and the account
  expect(await runCli(['status'], { cwd, env })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did not start'),
  })

  const daemon = startCli(['start'], { cwd, env })
  const [, url] = await daemon.output(/health +(http:.*\/readyz)/)
  await vi.waitFor(() => expect(provider.served.length).toBeGreaterThanOrEqual(8), WAIT)
  const response = await fetch(url!)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('did not start')
  writeFileSync(file, settings)
  await vi.waitFor(async () => expect((await fetch(url!)).status).toBe(200), WAIT)
  daemon.child.kill('SIGTERM')
  expect(await daemon.result).toMatchObject({ code: 0 })
  const exported = await runCli(['export'], { cwd, env })
  const sent = exported.stdout.match(/"sent":\d+/g)
  expect(sent).toHaveLength(provider.served.filter((answer) => !answer.startsWith(' ')).length)
}, 90_000)
