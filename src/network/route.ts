// The way to one host: undici's connections, direct or through a proxy, with limits. The one place that makes them.
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { reasonOf } from '../errors.ts'
import { passOverContinue } from './continue.ts'
import { type Proxies, placeOf, proxyFor } from './proxies.ts'

/** Some gateways add tens of KiB of cookies and policies; Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 256 * 1024

export interface RouteOptions {
  readonly proxies: Proxies
  /** For one connection, and for a proxy's answer to CONNECT. */
  readonly connectTimeoutMs: number
  /** The largest body on the wire, in bytes. */
  readonly maxResponseSize: number
}

export interface Route {
  readonly dispatcher: Dispatcher
  /** `host:port` of the proxy; null: direct. */
  readonly proxy: string | null
  /** What an error says about the proxy, e.g. `the proxy at 10.0.0.1:3128 cannot be reached: …`; null: nothing. */
  proxyProblem(error: unknown): string | null
  /** Breaks all connections. */
  close(): Promise<void>
}

type Connector = ReturnType<typeof buildConnector>

/** Makes the way to the host of `target`. There is no limit on connections, nor on how long an answer takes. */
export function openRoute(target: string, options: RouteOptions): Route {
  const { proxies, connectTimeoutMs: timeout, maxResponseSize } = options
  const proxy = proxyFor(target, proxies)
  const limits = {
    connections: null,
    allowH2: false,
    maxResponseSize,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const pool = (origin: string | URL, connect: Connector) =>
    new Pool(origin, { ...limits, connect: overlooking(connect) })
  if (proxy === null) {
    const dispatcher = pool(new URL(target).origin, buildConnector({ timeout, allowH2: false }))
    return { dispatcher, proxy: null, proxyProblem: () => null, close: () => dispatcher.destroy() }
  }
  const dispatcher = new ProxyAgent({
    uri: proxy.href,
    connectTimeout: timeout,
    requestTls: { allowH2: false },
    proxyTls: { allowH2: false },
    clientFactory: (url, { connect }: { connect?: Connector }) =>
      new Pool(url, { connect: toProxy(connect!), allowH2: false, headersTimeout: timeout }),
    // Called for the proxy itself where it is asked for http:// addresses, else for the host behind it.
    factory: (origin, { connect }: { connect?: Connector }) =>
      pool(origin, new URL(origin).href === proxy.href ? toProxy(connect!) : connect!),
  })
  const place = placeOf(proxy)
  return {
    dispatcher,
    proxy: place,
    proxyProblem: (error) => problemOf(error, place, proxy.username !== ''),
    close: () => dispatcher.destroy(),
  }
}

/** No connection to the proxy came about. */
class ProxyAwayError extends Error {
  override name = 'ProxyAwayError'
}

const toProxy =
  (connect: Connector): Connector =>
  (options, callback) =>
    connect(options, (error, socket) => {
      if (error === null) callback(null, socket!)
      else callback(new ProxyAwayError(reasonOf(error), { cause: error }), null)
    })

const overlooking =
  (connect: Connector): Connector =>
  (options, callback) =>
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null)
      passOverContinue(socket!)
      callback(null, socket!)
    })

/** undici tells a proxy's refusal by its message alone. */
function problemOf(error: unknown, place: string, hasCredentials: boolean): string | null {
  if (!(error instanceof Error)) return null
  if (error instanceof ProxyAwayError) return `the proxy at ${place} cannot be reached: ${error.message}`
  if (error.name === 'ProxyConnectionError') return `the proxy at ${place} broke the connection`
  const status = /^Proxy response \((\d+)\)|^Proxy Authentication Required \((407)\)/.exec(error.message)
  if (status === null) return null
  // tinyproxy answers 401 to a wrong password
  if (!['401', '407'].includes(status[1] ?? status[2] ?? ''))
    return `the proxy at ${place} refuses the connection (HTTP ${status[1]})`
  return `the proxy at ${place} ${hasCredentials ? 'refuses the user and the password' : 'wants a user and a password'}`
}
