// Which way a request goes: direct, or through a proxy. Pure. The rules are curl's; NO_PROXY may name ports, too.
import { BlockList, isIP } from 'node:net'

/** The addresses may hold a user and a password, which must never be shown. */
export interface Proxies {
  /** For https:// addresses; null: none. */
  readonly httpsProxy: string | null
  /** For http:// addresses; null: none. */
  readonly httpProxy: string | null
  /** What is asked directly: hosts, domains, addresses and networks, with commas or spaces between them; `*`: all. */
  readonly noProxy: string
}

export const NO_PROXIES: Proxies = { httpsProxy: null, httpProxy: null, noProxy: '' }

/** Returns the proxy for the host of `target`; null: it is asked directly. */
export function proxyFor(target: string, { httpsProxy, httpProxy, noProxy }: Proxies): URL | null {
  const { protocol, hostname, port } = new URL(target)
  const proxy = protocol === 'https:' ? httpsProxy : httpProxy
  if (proxy === null) return null
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/(.)\.$/, '$1')
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  const isExempt = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => exempts(entry, host, actualPort))
  return isExempt ? null : new URL(proxy)
}

/** Returns `host:port` of an address, without its credentials. */
export function placeOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

function exempts(entry: string, host: string, port: string): boolean {
  const [name, onlyPort] = parted(entry)
  if (name === '' || (onlyPort !== null && onlyPort !== port)) return false
  if (name === '*') return true
  if (isIP(host) !== 0) return hasAddress(name, host)
  if (name.startsWith('*.')) return host.endsWith(name.slice(1))
  const domain = name.replace(/^\./, '').replace(/(.)\.$/, '$1')
  return host === domain || host.endsWith(`.${domain}`)
}

/** `host:443`, `[::1]:443`, `::1`, `10.0.0.0/8` as a name and a port. */
function parted(entry: string): [name: string, port: string | null] {
  const [, address, addressPort] = /^\[(.+)\](?::(\d+))?$/.exec(entry) ?? []
  if (address !== undefined) return [address, addressPort ?? null]
  const [, name, port] = /^([^:]+):(\d+)$/.exec(entry) ?? []
  return name === undefined ? [entry, null] : [name, port ?? null]
}

/** Whether `name`, an address or a network such as 10.0.0.0/8, holds the address `host`. */
function hasAddress(name: string, host: string): boolean {
  const [network = '', prefix] = name.split('/')
  const version = isIP(network)
  const bits = version === 4 ? 32 : 128
  if (version === 0 || (prefix !== undefined && !(/^\d+$/.test(prefix) && Number(prefix) <= bits)))
    return false
  const list = new BlockList()
  list.addSubnet(network, prefix === undefined ? bits : Number(prefix), version === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}
