// What a postgres:// URL stands for, as libpq reads it: the hosts that are tried in turn, each with or without TLS.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING. Pure.

/** `sslmode` as libpq has it. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** One way to connect. */
export interface Candidate {
  /** For pg: one host, and whether TLS is used. */
  readonly url: string
  /** Which of the hosts it is. */
  readonly host: number
}

/** `prefer` is pg's word for TLS without checking the certificate. */
const TRIED: Readonly<Record<SslMode, readonly string[]>> = {
  disable: ['disable'],
  allow: ['disable', 'prefer'],
  prefer: ['prefer', 'disable'],
  require: ['require'],
  'verify-ca': ['verify-ca'],
  'verify-full': ['verify-full'],
}

const PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)([^?#]*)(?:\?([^#]*))?$/

/** Returns the ways to connect, in the order in which they are tried. Other forms of URL are one way as they are. */
export function candidatesOf(url: string): Candidate[] {
  const parts = PARTS.exec(url)
  if (parts === null) return [{ url, host: 0 }]
  const [, before, hosts, path, search] = parts
  const query = new URLSearchParams(search)
  const modes = modesOf(query, hosts!)
  if (query.get('sslrootcert') === 'system') query.delete('sslrootcert')
  return hosts!.split(',').flatMap((host, index) =>
    modes.map((mode) => {
      const ofMode = new URLSearchParams(query)
      if (mode !== null) {
        ofMode.set('sslmode', mode)
        ofMode.set('uselibpqcompat', 'true')
      }
      const text = ofMode.toString()
      return { url: `${before}${host}${path}${text === '' ? '' : `?${text}`}`, host: index }
    }),
  )
}

/** The URL with further options of the session, which outrank those that it has. Other forms of URL stay as they are. */
export function withOptions(url: string, options: string): string {
  const parts = PARTS.exec(url)
  if (parts === null) return url
  const [, before, hosts, path, search] = parts
  const query = new URLSearchParams(search)
  query.set('options', [query.get('options') ?? '', options].join(' ').trim())
  return `${before}${hosts}${path}?${query}`
}

/** True if only a server that can be written to is wanted. */
export function isPrimaryWanted(url: string): boolean {
  const wanted = new URLSearchParams(PARTS.exec(url)?.[4]).get('target_session_attrs')
  return wanted === 'read-write' || wanted === 'primary'
}

/** Null: as pg reads the other settings. A socket in the file system has no TLS. */
function modesOf(query: URLSearchParams, hosts: string): readonly (string | null)[] {
  const host = query.get('host') ?? hosts
  if (host === '' || host.startsWith('/') || /^%2f/i.test(host)) return [null]
  const mode = query.get('sslmode')
  if (mode === null) return query.has('ssl') || query.has('sslnegotiation') ? [null] : TRIED.prefer
  return (SSL_MODES as readonly string[]).includes(mode) ? TRIED[mode as SslMode] : [null]
}

/** The name of the database in a URL; null: it names none, and no user whose name the database would have. */
export function databaseOf(url: string): string | null {
  if (url.startsWith('/')) return url.split(' ')[1] || null
  if (url.startsWith('socket:')) return new URL(url).searchParams.get('db')
  const [, before, , path] = PARTS.exec(url)!
  const user = /^postgres(?:ql)?:\/\/([^:@]*)/.exec(before!)?.[1]
  return (
    decodeURIComponent(path!.slice(1) || user || '') || new URLSearchParams(PARTS.exec(url)![4]).get('user')
  )
}

/** The same URL with another database. */
export function withDatabase(url: string, database: string): string {
  if (url.startsWith('/')) return `${url.split(' ')[0]} ${database}`
  if (url.startsWith('socket:')) {
    const parsed = new URL(url)
    parsed.searchParams.set('db', database)
    return parsed.href
  }
  const [, before, hosts, , search] = PARTS.exec(url)!
  return `${before}${hosts}/${encodeURIComponent(database)}${search === undefined ? '' : `?${search}`}`
}
