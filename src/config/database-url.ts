// Reads a database URL without connecting. All forms that pg accepts are valid, and libpq's lists of hosts.
import { readFileSync } from 'node:fs'
import { candidatesOf, SSL_MODES } from '../postgres-url.ts'
import { refuseUnhonoured } from './libpq.ts'

/** Returns the URL if pg can read it: postgres://…, socket:/folder?db=…, or "/folder database"; else undefined. */
export function readDatabaseUrl(text: string): string | undefined {
  if (/^(socket:\/|\/)/.test(text)) {
    refuseUnhonoured(text)
    return text
  }
  if (!/^postgres(ql)?:\/\//.test(text) || isAmbiguous(text)) return undefined
  const parsed = candidatesOf(text).map(({ url }) => parse(url))
  if (parsed.some((each) => each === null)) return undefined
  refuseUnhonoured(text)
  checkTls(parse(text.replace(/,[^/?#]*/, '')) ?? parsed[0]!)
  return text
}

/** Throws an error that says what is wrong with the settings of TLS. */
function checkTls({ searchParams: query }: URL): void {
  const mode = query.get('sslmode')
  if (mode !== null && mode !== 'no-verify' && !(SSL_MODES as readonly string[]).includes(mode))
    throw new Error(`sslmode must be one of ${SSL_MODES.join(', ')}`)
  if (mode === 'verify-ca' && !query.has('sslrootcert'))
    throw new Error('sslmode=verify-ca needs sslrootcert')
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const path = query.get(name)
    if (path === null || path === 'system') continue
    try {
      readFileSync(path)
    } catch (error) {
      throw new Error(`${name}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  }
}

/**
 * True if the URL may have a user or password with a character that ends them for a URL, so that a piece of the
 * password would be taken for a host, a port or a database.
 */
function isAmbiguous(text: string): boolean {
  const [beforeHash = '', afterHash = ''] = parted(text.slice(text.indexOf('://') + 3), '#')
  const [beforeQuery = '', query = ''] = parted(beforeHash, '?')
  const [authority = '', path = ''] = parted(beforeQuery, '/')
  const isQueryCertain = beforeQuery.includes('/')
  return (
    authority.split('@').length > 2 ||
    path.includes('@') ||
    afterHash.includes('@') ||
    (query.includes('@') && !isQueryCertain)
  )
}

function parted(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** Returns where the database is, for messages: `database "sms" on db.example:5432`. Never contains the password. */
export function describeDatabase(url: string | null): string {
  if (url === null) return 'embedded database'
  if (url.startsWith('/')) {
    const [folder, database] = url.split(' ')
    return `database ${quote(database)} in ${folder}`
  }
  const candidates = candidatesOf(url)
  const parsed = parse(candidates[0]!.url)
  if (parsed === null) return 'database of DATABASE_URL'
  const query = parsed.searchParams
  if (parsed.protocol === 'socket:') return `database ${quote(query.get('db'))} in ${parsed.pathname}`
  const hosts = Map.groupBy(candidates, ({ host }) => host)
  const where = [...hosts.values()].map(([first]) => hostAndPort(parse(first!.url) ?? parsed))
  const host = query.get('host')
  const database = decode(parsed.pathname.slice(1)) || decode(parsed.username)
  return `database ${quote(database)} ${host?.startsWith('/') ? `in ${host}` : where.join(' or ')}`
}

function hostAndPort({ hostname, port, searchParams: query }: URL): string {
  const host = query.get('host') ?? (decode(hostname) || 'localhost')
  return host.startsWith('/') ? `in ${host}` : `on ${host}:${query.get('port') ?? (port || '5432')}`
}

/**
 * Returns the URL's password in each spelling, for masking in logs. A password that is also the name of the user, the
 * database or the host is left out, because masking `postgres` everywhere would make messages unreadable.
 */
export function passwordsOf(url: string): string[] {
  const parsed = parse(candidatesOf(url)[0]!.url)
  if (parsed === null) return []
  const shown = [parsed.username, parsed.pathname.slice(1), parsed.hostname].map(decode)
  const spellings = [parsed.password, decode(parsed.password), parsed.searchParams.get('password') ?? '']
  return spellings.filter((password) => password !== '' && !shown.includes(password))
}

// pg accepts an empty host after the credentials (`postgres://user@/db?host=/run`), URL does not.
function parse(url: string): URL | null {
  return URL.parse(url) ?? URL.parse(url.replace('@/', '@localhost/'))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const quote = (name: string | null | undefined) => JSON.stringify(name ?? '')
