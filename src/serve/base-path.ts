// The path where a reverse proxy mounts the pages. Inside all addresses begin at /; this is where the two meet, so that no
// page knows of it. A proxy may keep the path or strip it.
import type { MiddlewareHandler } from 'hono'
import { getPath } from 'hono/utils/url'

/** The path of a request as the routes know it. */
export const pathWithin = (basePath: string) => (request: Request) => {
  const path = getPath(request)
  if (basePath === '') return path
  if (path === basePath) return '/'
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path
}

/** Attributes of the pages that hold an address of this server. What people typed is escaped, and has no quotes. */
const ADDRESSES = / (href|action|src|data-copy-from)="\/(?!\/)/g

/** Puts the path before every address that an answer names: links, forms, redirects. */
export const addressesOutside =
  (basePath: string): MiddlewareHandler =>
  async (c, next) => {
    await next()
    if (basePath === '') return
    const location = c.res.headers.get('location')
    if (location?.startsWith('/')) c.res.headers.set('location', basePath + location)
    if (!c.res.headers.get('content-type')?.startsWith('text/html')) return
    const page = await c.res.text()
    c.res = new Response(page.replace(ADDRESSES, ` $1="${basePath}/`), c.res)
  }
