// Behind a reverse proxy: mounted below a path, methods that there are not, and requests without a Host.
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve } from '../../src/serve/http.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf, fillWarehouse } from './app.ts'

const TOKEN = 'a-token-of-some-length'
let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await fillWarehouse(warehouse, 3, 10)
})
afterAll(() => warehouse?.close())

describe('below a path', () => {
  const mounted = () => appOf(warehouse, { basePath: '/tools/sms', token: () => TOKEN, host: '0.0.0.0' })
  const authorization = `Bearer ${TOKEN}`

  test('every address of every page begins with it, and leads somewhere, whether the proxy keeps the path or strips it', async () => {
    const app = await mounted()
    const queue = ['/tools/sms/', '/tools/sms/login']
    const seen = new Set<string>()
    for (let path = queue.pop(); path !== undefined && seen.size < 40; path = queue.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      for (const asked of [path, path.slice('/tools/sms'.length)]) {
        const answer = await app.request(asked, { headers: { authorization } })
        expect([asked, answer.status]).toEqual([asked, 200])
        if (!answer.headers.get('content-type')!.includes('html')) continue
        for (const [, attribute, address] of (await answer.text()).matchAll(
          / (href|src|action|data-copy-from)="([^"]*)"/g,
        )) {
          if (address!.startsWith('#')) continue
          expect(address).toMatch(/^\/tools\/sms\//)
          if (attribute !== 'action') queue.push(address!.replaceAll('&amp;', '&'))
        }
      }
    }
    expect([...seen].some((path) => path.includes('/assets/'))).toBe(true)
    expect([...seen].some((path) => path.includes('/category?'))).toBe(true)
  })

  test('so do redirects, the path of the cookie and the server of the OpenAPI document', async () => {
    const app = await mounted()
    const away = await app.request('/tools/sms/runs?troubled=yes')
    expect(away.headers.get('location')).toBe('/tools/sms/login?to=%2Fruns%3Ftroubled%3Dyes')
    const form = new URLSearchParams({ token: TOKEN, to: '/runs?troubled=yes' })
    const back = await app.request('/tools/sms/login', { method: 'POST', body: form })
    expect(back.headers.get('location')).toBe('/tools/sms/runs?troubled=yes')
    expect(back.headers.get('set-cookie')).toContain('; Path=/tools/sms;')
    const document = await app.request('/tools/sms/api/v1/openapi.json', { headers: { authorization } })
    expect(await document.json()).toMatchObject({ servers: [{ url: '/tools/sms/api/v1' }] })
    expect((await app.request('/tools/smsx', { headers: { authorization } })).status).toBe(404)
    expect((await app.request('/tools/sms', { headers: { authorization } })).status).toBe(200)
  })
})

test('a method that a path does not have is answered 405, with those that it has', async () => {
  const app = await appOf(warehouse)
  for (const path of [
    '/api/v1/status',
    '/api/v1/trends',
    '/api/v1/openapi.json',
    '/healthz',
    '/readyz',
    '/metrics',
  ]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await app.request(path, { method })
      expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([
        path,
        method,
        405,
        'GET, HEAD',
      ])
      expect(await answer.json()).toEqual({ error: expect.any(String), hint: expect.any(String) })
    }
    expect((await app.request(path, { method: 'HEAD' })).status).not.toBe(405)
  }
  expect((await app.request('/api/v1/nothing', { method: 'POST' })).status).toBe(404)
})

test('HTTP/1.0 without a Host, as load balancers ask: health is told, pages are not', async () => {
  const server = await serve(await appOf(warehouse), '127.0.0.1', 0)
  const ask = async (path: string) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
    return (await text(socket)).split('\r\n', 1)[0]
  }
  try {
    for (const path of ['/healthz', '/readyz', '/metrics']) expect(await ask(path)).toMatch(/ 200 OK$/)
    for (const path of ['/', '/api/v1/status']) expect(await ask(path)).toMatch(/ 403 /)
  } finally {
    await server.close()
  }
})

test('what the OpenAPI document allows is accepted, and an empty value is a value', async () => {
  const app = await appOf(warehouse)
  const answerOf = async (query: string) => {
    const answer = await app.request(`/api/v1/${query}`)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const trends = 'trends?c=default%2Fcategory%200001'
  expect(await answerOf(`${trends}&from=2026-03-02&to=2026-03-01`)).toMatchObject({
    status: 200,
    body: { trends: [] },
  })
  expect(await answerOf(`${trends}&by=hour&from=0001-01-01&to=2026-03-01`)).toMatchObject({
    status: 200,
    body: { from: '2025-10-28' },
  })
  for (const wrong of [
    'categories?limit=',
    'categories?offset=0x10',
    'categories?order=',
    'trends',
    `${trends}&metrics=x`,
    `${trends}&to=0000-01-01`,
  ])
    expect([wrong, (await answerOf(wrong)).status]).toEqual([wrong, 400])
})
