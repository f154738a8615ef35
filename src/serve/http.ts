// The daemon's HTTP door.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { type HealthDeps, readiness } from './health.ts'

/** The daemon's pages, callable without a socket. */
export function createApp(deps: HealthDeps): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    const state = await readiness(deps)
    return c.json(state, state.ready ? 200 : 503)
  })
  app.notFound((c) => c.json({ error: 'There is no such page; try /healthz or /readyz.' }, 404))
  return app
}

export interface HttpServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens. Rejects with a PrimosyncError naming host and port if they cannot be had. */
export async function serve(app: Hono, host: string, port: number): Promise<HttpServer> {
  const server = createServer(getRequestListener(app.fetch))
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
