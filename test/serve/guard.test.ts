import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf } from './app.ts'

const TOKEN = 'a-token-of-some-length'
const PAGES = [
  '/',
  '/category?category=a',
  '/compare',
  '/runs',
  '/runs/rejected/1',
  '/category.csv?category=a',
]
const API = ['/api/v1/status', '/api/v1/rejected', '/api/v1/openapi.json']

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse?.close())

const guarded = (token = () => TOKEN) => appOf(warehouse, { token, host: '0.0.0.0' })

function signIn(app: Hono, token: string, to = '/runs'): Promise<Response> {
  return Promise.resolve(app.request('/login', { method: 'POST', body: new URLSearchParams({ token, to }) }))
}

describe('with a token', () => {
  test('every page leads to the login, and back; the API says what to send', async () => {
    const app = await guarded()
    for (const path of PAGES) {
      const answer = await app.request(path)
      expect([path, answer.status]).toEqual([path, 302])
      const to = new URL(answer.headers.get('location')!, 'http://localhost').searchParams.get('to') ?? '/'
      expect(to).toBe(path)
    }
    for (const path of API) {
      const answer = await app.request(path)
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(await answer.json()).toEqual({
        error: 'A token is needed.',
        hint: expect.stringContaining('Bearer'),
      })
    }
    for (const path of ['/healthz', '/readyz', '/login']) expect((await app.request(path)).status).toBe(200)
  })

  test('the right bearer opens everything, a wrong one nothing', async () => {
    const app = await guarded()
    for (const path of [...PAGES.slice(2, 4), ...API]) {
      const ask = (authorization: string) => app.request(path, { headers: { authorization } })
      expect((await ask(`Bearer ${TOKEN}`)).status).toBe(200)
      expect((await ask(`Bearer ${TOKEN}x`)).status).not.toBe(200)
      expect((await ask(`Basic ${btoa(`user:${TOKEN}`)}`)).status).not.toBe(200)
    }
  })

  test('signing in sets a cookie that scripts and other sites do not get, and that is not the token', async () => {
    const app = await guarded()
    const answer = await signIn(app, TOKEN)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/runs'])
    const cookie = answer.headers.get('set-cookie')!
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Lax/)
    expect(cookie).not.toContain(TOKEN)
    const session = { cookie: cookie.split(';')[0]! }
    const page = await app.request('/runs', { headers: session })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('Sign out')
    const out = await app.request('/logout', { method: 'POST', headers: session })
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
  })

  test('a session ends with its time, with another token, and where it was tampered with', async () => {
    let token = TOKEN
    const app = await guarded(() => token)
    const cookie = (await signIn(app, TOKEN)).headers.get('set-cookie')!.split(';')[0]!
    const status = async (value: string) =>
      (await app.request('/runs', { headers: { cookie: value } })).status
    const [, name, endsAtS, signed] = /^(\w.*?)=(\d+)\.(.*)$/.exec(cookie)!
    expect(await status(cookie)).toBe(200)
    expect(await status(`${name}=${Number(endsAtS) + 1}.${signed}`)).toBe(302)
    expect(await status(`${name}=`)).toBe(302)
    token = 'another-token-altogether'
    expect(await status(cookie)).toBe(302)
  })

  test('too many wrong tokens slow down wrong ones only, whichever way they come', async () => {
    const app = await guarded()
    for (let i = 0; i < 5; i++) {
      expect((await signIn(app, 'wrong')).status).toBe(401)
      expect(
        (await app.request('/api/v1/status', { headers: { authorization: 'Bearer wrong' } })).status,
      ).toBe(401)
    }
    const late = await signIn(app, 'wrong')
    expect([late.status, late.headers.get('set-cookie')]).toEqual([429, null])
    expect(await late.text()).toContain('The right token is let in at any time.')
    const bearer = (token: string) =>
      app.request('/api/v1/status', { headers: { authorization: `Bearer ${token}` } })
    expect((await bearer('wrong')).status).toBe(429)
    expect((await bearer(TOKEN)).status).toBe(200)
    expect((await signIn(app, TOKEN)).status).toBe(303)
  })

  test('a sign-in link begins a session, and the token does not stay in the address', async () => {
    const app = await guarded()
    const answer = await app.request(`/login?token=${TOKEN}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
    const again = await app.request(`/login?token=${TOKEN}`, { headers: { cookie } })
    expect([again.status, again.headers.get('location')]).toEqual([302, '/'])
    expect((await app.request('/runs', { headers: { cookie } })).status).toBe(200)
    const wrong = await app.request('/login?token=wrong')
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null])
  })

  test('the cookie is for TLS alone behind TLS', async () => {
    const app = await guarded()
    for (const [proto, isSecure] of [
      ['https', true],
      ['https, http', true],
      ['http', false],
    ] as const) {
      const headers = { 'x-forwarded-proto': proto }
      const answer = await app.request(`/login?token=${TOKEN}`, { headers })
      expect(/; Secure/.test(answer.headers.get('set-cookie')!)).toBe(isSecure)
    }
  })

  test('two instances on one host do not share a cookie, whatever their tokens and ports', async () => {
    const nameOf = async (token: string, origin: string) => {
      const app = await guarded(() => token)
      const answer = await app.request(`${origin}/login?token=${token}`)
      return answer.headers.get('set-cookie')!.split('=')[0]!
    }
    const names = [
      await nameOf(TOKEN, 'http://localhost:8080'),
      await nameOf(TOKEN, 'http://localhost:8081'),
      await nameOf('another-token', 'http://localhost:8080'),
    ]
    expect(new Set(names).size).toBe(3)
    expect(await nameOf(TOKEN, 'http://localhost:8080')).toBe(names[0])
  })

  for (const to of [
    'https://elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    'javascript:alert(1)',
  ]) {
    test(`signing in leads to no other place: ${to}`, async () => {
      const location = (await signIn(await guarded(), TOKEN, to)).headers.get('location')!
      expect(new URL(location, 'http://localhost').origin).toBe('http://localhost')
      expect(location).not.toMatch(/^\/[/\\]/)
    })
  }
})

describe('without a token', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'db.example']) {
    test(`on ${host}: health alone, and why`, async () => {
      const app = await appOf(warehouse, { host })
      for (const path of ['/healthz', '/readyz']) expect((await app.request(path)).status).toBe(200)
      for (const path of [...PAGES, ...API, '/login']) {
        const answer = await app.request(path)
        expect([path, answer.status]).toEqual([path, 403])
        expect(await answer.text()).toContain('HTTP_TOKEN')
      }
    })
  }

  for (const [host, name, status] of [
    ['127.0.0.1', 'http://127.0.0.1:8080/', 200],
    ['127.0.0.1', 'http://localhost:8080/', 200],
    ['::1', 'http://[::1]:8080/', 200],
    ['127.0.0.1', 'http://elsewhere.example:8080/', 403],
  ] as const) {
    test(`on ${host} asked as ${name}: ${status}`, async () => {
      expect((await (await appOf(warehouse, { host })).request(name)).status).toBe(status)
    })
  }
})
