// Readers from the text of a setting to its value. Each returns undefined for a text that is not allowed.

import { BlockList, isIP } from 'node:net'
import { checkCron } from '../cron.ts'

const UNIT_MS = { ms: 1, s: 1000, min: 60_000 } as const
const LONGEST_MS = 10 * UNIT_MS.min

/** Reads `500 ms`, `10 s`, `2 min` or a number of seconds, from 1 ms to 10 min, as milliseconds. */
export function readDurationMs(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?) ?(ms|s|min)?$/.exec(text) ?? []
  const ms = Math.round(Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS])
  return ms >= 1 && ms <= LONGEST_MS ? ms : undefined
}

export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : undefined
}

/** Reads how long snapshots are kept, at least a day, as milliseconds; null for `off`. */
export function readRetentionMs(text: string): number | null | undefined {
  if (text === 'off') return null
  const [, days] = /^(\d{1,5}) ?(?:d|days?)$/.exec(text) ?? []
  return Number(days) >= 1 ? Number(days) * 86_400_000 : undefined
}

/** Reads a number of requests per second; null for `off`. */
export function readRate(text: string): number | null | undefined {
  if (text === 'off') return null
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  return value > 0 ? value : undefined
}

export const oneOf =
  <Value extends string>(...allowed: readonly Value[]) =>
  (text: string) =>
    allowed.find((value) => value === text)

/** Reads a cron line of five or six fields (see cron.ts); throws an Error with the reason if it cannot be scheduled. */
export function readSchedule(text: string): string {
  checkCron(text)
  return text
}

/** Reads an address or a host name to listen on; returns `[::1]` without its brackets. */
export function readHost(text: string): string | undefined {
  const host = text.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) !== 0 || /^[A-Za-z0-9_.-]+$/.test(host) ? host : undefined
}

/** Reads an API key: any text that fits in a header line, and is not quoted. */
export const readApiKey = (text: string) =>
  /^[\x21-\x7e]+$/.test(text) && !/^["'`]|["'`]$/.test(text) ? text : undefined

/** Reads the path where a reverse proxy mounts the pages; returns no slash at its end, so nothing for `/`. */
export function readBasePath(text: string): string | undefined {
  const isPath = /^\/([\w~-][\w.~-]*(\/[\w~-][\w.~-]*)*\/?)?$/.test(text)
  return isPath ? text.replace(/\/$/, '') : undefined
}

/** Reads the base URL of the API: https, or http to a host that is not on the Internet. Returns no slash at its end. */
export function readBaseUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || url.username || url.password || url.search || url.hash) return undefined
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLocalHost(url.hostname))
  return safe ? url.href.replace(/\/+$/, '') : undefined
}

const privateAddresses = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv4')
}
privateAddresses.addAddress('::1', 'ipv6')
privateAddresses.addSubnet('fc00::', 7, 'ipv6')
privateAddresses.addSubnet('fe80::', 10, 'ipv6')

// Over http the key is sent unencrypted. The operator may choose that for a stand-in on this machine, in a Docker
// network (a bare name such as `sandbox`) or in a private network. Anywhere else it is a mistake.
function isLocalHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const version = isIP(host)
  if (version !== 0) return privateAddresses.check(host, version === 4 ? 'ipv4' : 'ipv6')
  return !host.includes('.') || /\.(localhost|local|internal)$/.test(host)
}
