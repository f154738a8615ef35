// The sandbox's HTTP contract, over real connections.

import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { PrimosyncError } from '../../src/errors.ts'
import { parseFaults } from '../../src/sandbox/faults.ts'
import { NO_STATS, SANDBOX_CATEGORIES, statsAt } from '../../src/sandbox/lives.ts'
import { SANDBOX_API_KEY, type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'

const NOW = Date.parse('2026-11-24T10:07:31.250Z')
const running: Sandbox[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()))
})

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, seed: 1, now: () => NOW, ...options })
  running.push(sandbox)
  return sandbox
}

function ask(sandbox: Sandbox, category: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${sandbox.url}/messages/stats?category=${encodeURIComponent(category)}`, {
    headers: { 'X-Primotexto-ApiKey': SANDBOX_API_KEY },
    ...init,
  })
}

/** The bytes of an answer, but for the date. */
async function askRaw(sandbox: Sandbox, path: string, headers: string[]): Promise<string> {
  const socket = connect(sandbox.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    [`GET ${path} HTTP/1.1`, 'Host: sandbox', 'Connection: close', ...headers, '', ''].join('\r\n'),
  )
  return (await text(socket)).replace(/Date: [^\r]*/, 'Date: …')
}

function chunkedAnswer(status: string, body: string): string {
  return [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json;charset=UTF-8',
    'Date: …',
    'Connection: close',
    'Transfer-Encoding: chunked',
    '',
    Buffer.byteLength(body).toString(16),
    body,
    '0\r\n\r\n',
  ].join('\r\n')
}

describe('the contract', () => {
  const key = 'X-Primotexto-ApiKey: sandbox'
  const path = '/v2/messages/stats?category=codeConfirmation'
  const refusal = chunkedAnswer('401 Unauthorized', '{"code":72,"message":"Authentication failed"}')

  test('a category gets its totals, byte for byte', async () => {
    const body = JSON.stringify(statsAt('codeConfirmation', NOW, 1))
    expect(body).toMatch(/^\{"sent":\d+,"submitted":\d+,"delivered":\d+,/)
    expect(await askRaw(await start(), path, [key])).toBe(chunkedAnswer('200 OK', body))
  })

  test.each([
    ['no key', []],
    ['an empty key', ['X-Primotexto-ApiKey:']],
    ['a wrong key', ['X-Primotexto-ApiKey: Sandbox']],
  ])('%s gets 401 and code 72', async (_, headers) => {
    expect(await askRaw(await start(), path, headers)).toBe(refusal)
  })

  test('another key can be asked for', async () => {
    const sandbox = await start({ apiKey: 'other' })
    expect((await ask(sandbox, 'load-1')).status).toBe(401)
    expect((await ask(sandbox, 'load-1', { headers: { 'X-Primotexto-ApiKey': 'other' } })).status).toBe(200)
  })

  test('an unknown category, and none, get zeros', async () => {
    const zeros = chunkedAnswer('200 OK', JSON.stringify(NO_STATS))
    const sandbox = await start()
    expect(await askRaw(sandbox, '/v2/messages/stats?category=nobody', [key])).toBe(zeros)
    expect(await askRaw(sandbox, '/v2/messages/stats', [key])).toBe(zeros)
  })

  test.each(['/', '/v2/messages', '/v2/messages/stats/', '/v3/messages/stats?category=default'])(
    '%s is not found, in JSON',
    async (other) => {
      const answer = chunkedAnswer('404 Not Found', '{"code":404,"message":"Not found"}')
      expect(await askRaw(await start(), other, [key])).toBe(answer)
    },
  )

  test('only GET is allowed', async () => {
    const response = await ask(await start(), 'load-1', { method: 'POST' })
    expect(response.status).toBe(405)
    expect(await response.json()).toEqual({ code: 405, message: 'Method not allowed' })
  })

  test('every name, and a thousand more for load tests, comes through the URL', async () => {
    const sandbox = await start()
    for (const category of [...SANDBOX_CATEGORIES, 'load-0', 'load-999']) {
      expect(await (await ask(sandbox, category)).json()).toEqual(statsAt(category, NOW, 1))
    }
  })
})

describe('a restart', () => {
  test('goes on where it was: the answers depend on seed and clock', async () => {
    let now = NOW
    const options = { seed: 9, now: () => now }
    const [one, two] = [await start(options), await start(options)]
    const totals = async (sandbox: Sandbox) =>
      ((await (await ask(sandbox, 'codeConfirmation')).json()) as { sent: number }).sent
    const before = await totals(one)
    expect(await totals(two)).toBe(before)
    await one.close()
    now += 3_600_000
    const again = await start(options)
    expect(await totals(again)).toBe(await totals(two))
    expect(await totals(again)).toBeGreaterThan(before)
    expect(await totals(await start({ ...options, seed: 10 }))).not.toBe(await totals(again))
  })
})

describe('faults, at rate 1', () => {
  const withFault = (name: string) => start({ faults: parseFaults(`${name}=1`) })

  test('500 is a server error in JSON', async () => {
    const response = await ask(await withFault('500'), 'load-1')
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ code: 1000, message: 'Unknown error' })
  })

  test('503 is a server error in HTML', async () => {
    const response = await ask(await withFault('503'), 'load-1')
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('text/html')
    expect(await response.text()).toContain('<html>')
  })

  test('429 says when to come again', async () => {
    const response = await ask(await withFault('429'), 'load-1')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toEqual({ code: 76, message: 'Quota exceeded' })
  })

  test('timeout never answers, and does not hold up the closing', async () => {
    const sandbox = await withFault('timeout')
    await expect(ask(sandbox, 'load-1', { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/)
    const hanging = ask(sandbox, 'load-1')
    const outcome = expect(hanging).rejects.toThrow()
    await sandbox.close()
    await outcome
  })

  test('cut ends the connection within the body', async () => {
    const sandbox = await withFault('cut')
    const response = await ask(sandbox, 'load-1')
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    const bytes = await askRaw(sandbox, '/v2/messages/stats', ['X-Primotexto-ApiKey: sandbox'])
    expect(bytes).toMatch(/\{"sent":0,"submitted"[^}]*$/)
  })

  test('garbage is a 200 that is no JSON', async () => {
    const response = await ask(await withFault('garbage'), 'load-1')
    expect(response.status).toBe(200)
    const body = await response.text()
    expect(() => JSON.parse(body)).toThrow(SyntaxError)
  })

  test('error200 is an error body under status 200', async () => {
    const response = await ask(await withFault('error200'), 'load-1')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ code: 1000, message: 'Unknown error' })
  })

  test('a wrong key is refused before any of them', async () => {
    const response = await ask(await withFault('500'), 'load-1', { headers: {} })
    expect(response.status).toBe(401)
  })
})

describe('listening', () => {
  test('an answer takes the latency that was asked for', async () => {
    const sandbox = await start({ latencyMs: 60 })
    const startedAt = performance.now()
    expect((await ask(sandbox, 'load-1')).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59)
  })

  test('a port that is taken is one clear error', async () => {
    const { port } = await start()
    const refusal = await start({ port }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(PrimosyncError)
    expect((refusal as PrimosyncError).message).toContain(`127.0.0.1, port ${port}`)
    expect((refusal as PrimosyncError).hint).toContain('--port')
  })

  test('a closed sandbox is gone', async () => {
    const sandbox = await start()
    await ask(sandbox, 'load-1')
    await sandbox.close()
    await expect(ask(sandbox, 'load-1')).rejects.toThrow()
  })
})
