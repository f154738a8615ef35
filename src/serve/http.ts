// The daemon's HTTP server: health and metrics for everyone, pages and JSON for those who may see them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { etag } from 'hono/etag'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { API_BASE, openApiDocument } from './api/openapi.ts'
import { ROUTES } from './api/routes.ts'
import { loadAssets } from './assets.ts'
import { addressesOutside, pathWithin } from './base-path.ts'
import type { AppDeps } from './deps.ts'
import { denialAnswerOf, type ErrorAnswer, errorAnswerOf } from './error-answers.ts'
import { createFormats, dateIn, localeOf } from './format.ts'
import { createGuard, SLOWED_MS } from './guard.ts'
import { securityHeaders } from './headers.ts'
import { readiness } from './health.ts'
import type { View } from './pages/layout.ts'
import { closedPage, loginPage, problemPage } from './pages/problem.ts'
import { addPages } from './pages/routes.ts'
import { queryString, readQuery } from './query.ts'

const LONGEST_FORM_BYTES = 16 * 1024

/** The whole application, callable without a socket. */
export function createApp(deps: AppDeps): Hono {
  const assets = loadAssets()
  const guard = createGuard(deps)
  const app = new Hono({ getPath: pathWithin(deps.basePath) })

  const viewOf = (c: Context): View => {
    const now = new Date()
    const formats = createFormats(localeOf(c.req.header('accept-language')), deps.timezone)
    c.header('Vary', 'Accept-Language, Cookie')
    return {
      formats,
      assets,
      timezone: deps.timezone,
      now,
      today: dateIn(deps.timezone, now),
      isSignedIn: guard.hasSession(c),
    }
  }
  const answerError = (c: Context, fault: ErrorAnswer) => {
    const { status, message, hint } = fault
    if (status === 503) c.header('Retry-After', '5')
    if (status === 401) c.header('WWW-Authenticate', 'Bearer realm="primosync"')
    if (c.req.path.startsWith('/api/')) return c.json({ error: message, hint }, status)
    const view = viewOf(c)
    const isClosed = status === 403 || status === 429
    return c.html(isClosed ? closedPage(view, fault) : problemPage(view, fault), status)
  }

  app.use(securityHeaders)
  app.use(compress())
  app.use(etag())
  app.use(addressesOutside(deps.basePath))
  app.onError((error, c) => {
    const fault = errorAnswerOf(error)
    if (fault.status === 500) deps.log.error({ err: error, path: c.req.path }, 'A page could not be built.')
    return answerError(c, fault)
  })
  app.notFound((c) =>
    answerError(c, {
      status: 404,
      title: 'Not there',
      isPassing: false,
      message: 'There is no such page.',
      hint: 'Start from the overview. The API is under /api/v1.',
    }),
  )

  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    const state = await readiness(deps)
    return c.json(state, state.ready ? 200 : 503)
  })
  app.get('/metrics', async (c) => {
    const text = await deps.prometheus.render()
    return c.body(text, 200, { 'Content-Type': deps.prometheus.contentType })
  })
  for (const path of ['/healthz', '/readyz', '/metrics']) app.all(path, onlyGet)
  app.get('/assets/:version/:name', (c) => {
    const asset = assets.find(c.req.param('version'), c.req.param('name'))
    if (asset === undefined) return c.notFound()
    const forGood = 'public, max-age=31536000, immutable'
    return c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': forGood })
  })

  addSession(app, deps, guard, viewOf)
  app.use(async (c, next) => {
    const denial = guard.denial(c)
    if (denial === null) return await next()
    const isPage = !c.req.path.startsWith('/api/')
    if (denial === 'signed-out' && isPage && c.req.method === 'GET') {
      return c.redirect(`/login${queryString({ to: addressWithin(c) })}`)
    }
    if (denial === 'too-many-tries') await delay(SLOWED_MS)
    return answerError(c, denialAnswerOf(denial, deps.host))
  })
  addPages(app, deps, viewOf)
  addApi(app, deps)
  return app
}

type Guard = ReturnType<typeof createGuard>

function addSession(app: Hono, deps: AppDeps, guard: Guard, viewOf: (c: Context) => View): void {
  if (deps.token === null) return
  const answerSignIn = async (c: Context, token: string, to: string) => {
    const outcome = guard.signIn(c, token)
    if (outcome === 'ok') return c.redirect(to, 303)
    if (outcome === 'wrong') {
      return c.html(loginPage(viewOf(c), { to, fault: 'This is not the token.' }), 401)
    }
    await delay(SLOWED_MS)
    const { status, message, hint } = denialAnswerOf(outcome, deps.host)
    return c.html(loginPage(viewOf(c), { to, fault: `${message} ${hint}` }), status)
  }
  app.get('/login', async (c) => {
    const to = safeTarget(c.req.query('to'))
    if (guard.hasSession(c)) return c.redirect(to)
    const token = c.req.query('token') // of a sign-in link
    if (token !== undefined) return await answerSignIn(c, token, to)
    return c.html(loginPage(viewOf(c), { to, fault: null }))
  })
  app.post('/login', bodyLimit({ maxSize: LONGEST_FORM_BYTES }), async (c) => {
    const form = await c.req.parseBody()
    const to = safeTarget(String(form.to ?? ''))
    return await answerSignIn(c, String(form.token ?? ''), to)
  })
  app.post('/logout', (c) => {
    guard.signOut(c)
    return c.redirect('/login', 303)
  })
}

const addressWithin = ({ req }: Context) => {
  const { search } = new URL(req.url)
  return req.path === '/' && search === '' ? undefined : `${req.path}${search}`
}

/** Only an address of this server. */
function safeTarget(to: string | undefined): string {
  const base = 'http://this.invalid'
  const url = URL.parse(to ?? '', base)
  return url?.origin === base ? `${url.pathname}${url.search}`.replace(/^\/+/, '/') : '/'
}

function addApi(app: Hono, deps: AppDeps): void {
  for (const { path, query, read } of ROUTES) {
    app.get(`${API_BASE}${path}`, async (c) => {
      const asked = readQuery(query, c.req.queries(), { keepsEmpty: true })
      return c.json((await read(deps, asked as never)) as object)
    })
  }
  const document = openApiDocument('1', deps.basePath)
  app.get(`${API_BASE}/openapi.json`, (c) => c.json(document))
  for (const path of [...ROUTES.map((route) => route.path), '/openapi.json'])
    app.all(`${API_BASE}${path}`, onlyGet)
}

function onlyGet(c: Context): Response {
  c.header('Allow', 'GET, HEAD')
  const hint = 'Nothing can be changed here; send GET.'
  return c.json({ error: `${c.req.method} is not possible here.`, hint }, 405)
}

/** Stands for the Host that requests of HTTP/1.0 may leave out, as load balancers do. Pages are not open under it. */
const NO_HOST = 'no-host.invalid'

export interface HttpServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens. Rejects with a PrimosyncError naming host and port if it cannot. */
export async function serve(app: Hono, host: string, port: number): Promise<HttpServer> {
  const server = createServer(getRequestListener(app.fetch, { hostname: NO_HOST }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new PrimosyncError(`The HTTP server cannot listen on ${host}:${port}: ${reasonOf(error)}.`, {
          hint: 'Set HTTP_PORT to another port (0: any free one), or HTTP_HOST to an address of this machine.',
          cause: error,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  const { address, port: actualPort, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actualPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
