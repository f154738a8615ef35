// What surrounds the program: a proxy in between, an own authority, other machines that reach its pages.
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../helpers/certificate.ts'
import { runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { openHttpProxy } from '../helpers/http-proxy.ts'
import { answer, KEY, sent } from '../primotexto/provider.ts'

const PASSWORD = 'Canary p@ss/1'
const CREDENTIALS = `me:${encodeURIComponent(PASSWORD)}`
const PIECES = ['Canary', Buffer.from(`me:${PASSWORD}`).toString('base64').slice(0, 20)]

test('through a proxy with a password, to a server of an own authority; the doctor says the way', async () => {
  const cwd = temporaryFolder()
  const certificate = makeCertificate(cwd)
  if (certificate === null) return // no openssl
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const api = createServer(certificate, (_request, response) => answer(response, 200, sent(7))).listen(
    0,
    '127.0.0.1',
  )
  await once(api, 'listening')
  onTestFinished(() => void api.close())
  const proxy = await openHttpProxy(`me:${PASSWORD}`)
  onTestFinished(() => proxy.die())
  const place = `127.0.0.1:${(api.address() as AddressInfo).port}`
  const env = {
    DATABASE_URL: database.url,
    PRIMOTEXTO_API_KEY: KEY,
    PRIMOTEXTO_CATEGORIES: 'a',
    PRIMOTEXTO_BASE_URL: `https://${place}/v2`,
    HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${proxy.port}`,
    NODE_EXTRA_CA_CERTS: certificate.path,
    LOG_LEVEL: 'trace',
  }
  const run = async (args: readonly string[], changed: Record<string, string> = {}) => {
    const result = await runCli(args, { cwd, env: { ...env, ...changed } })
    for (const piece of PIECES) expect(result.stdout + result.stderr).not.toContain(piece)
    return result
  }
  expect(await run(['sync'])).toMatchObject({ code: 0 })
  expect(proxy.asked).toContain(`CONNECT ${place}`)
  expect((await run(['doctor'])).stdout).toContain(
    `${place} is asked through the proxy at 127.0.0.1:${proxy.port}; certificates of NODE_EXTRA_CA_CERTS are trusted, too`,
  )
  const wrong = await run(['doctor'], {
    HTTPS_PROXY: `http://${CREDENTIALS}x@127.0.0.1:${proxy.port}`,
    NODE_EXTRA_CA_CERTS: join(cwd, 'missing.pem'),
  })
  expect(wrong).toMatchObject({ code: 1 })
  expect(wrong.stdout).toContain('missing.pem cannot be read: ENOENT')
  expect(wrong.stdout).toContain(`the proxy at 127.0.0.1:${proxy.port} refuses the user and the password`)
  await proxy.die()
  const away = await run(['sync'])
  expect(away.code).toBe(1)
  expect(away.stderr).toContain(`the proxy at 127.0.0.1:${proxy.port} cannot be reached`)
  await proxy.comeBack()
  writeFileSync(join(cwd, 'no.pem'), 'no certificate')
  expect(
    (await run(['doctor'], { NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: join(cwd, 'no.pem') })).stdout,
  ).toMatch(/is asked directly \(NO_PROXY\); NODE_EXTRA_CA_CERTS is left out: .* holds no certificate/)
}, 60_000)

test('open to others without a token: the program makes one, and prints a sign-in link once a start', async () => {
  const cwd = temporaryFolder()
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const env = {
    DATABASE_URL: database.url,
    PRIMOTEXTO_API_KEY: KEY,
    PRIMOTEXTO_BASE_URL: 'http://127.0.0.1:9/v2',
    HTTP_HOST: '0.0.0.0',
    HTTP_PORT: '0',
    HTTP_BASE_PATH: '/sms',
    LOG_LEVEL: 'trace',
  }
  const start = async () => {
    const program = startCli(['start'], { cwd, env })
    const [, link] = await program.output(/sign in +(http:\S+)\n/)
    return { program, link: link! }
  }
  const { program, link } = await start()
  const { origin, searchParams } = new URL(link)
  const token = searchParams.get('token')!
  expect(link).toMatch(/^http:\/\/localhost:\d+\/sms\/login\?token=[\w-]{32}$/)
  const path = join(cwd, '.primosync', 'http-token')
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([`${token}\n`, 0o600])
  for (let browser = 0; browser < 2; browser++) {
    const signedIn = await fetch(link, { redirect: 'manual' })
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/sms/'])
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
    expect((await fetch(`${origin}/sms/`, { headers: { cookie } })).status).toBe(200)
  }
  expect((await fetch(`${origin}/api/v1/status`)).status).toBe(401)
  expect((await fetch(`${origin}/login?token=wrong`)).status).toBe(401)
  program.child.kill('SIGTERM')
  const { code, stdout, stderr } = await program.result
  expect(code).toBe(0)
  expect((stdout + stderr).split(token)).toHaveLength(2)
  const next = await start()
  expect(new URL(next.link).searchParams.get('token')).toBe(token)
}, 60_000)
