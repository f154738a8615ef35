// Reads a database URL without connecting. All forms that pg accepts are valid.

/** Returns the URL if pg can read it: postgres://…, socket:/folder?db=…, or "/folder database"; else undefined. */
export function readDatabaseUrl(text: string): string | undefined {
  if (/^(socket:\/|\/)/.test(text)) return text
  return /^postgres(ql)?:\/\//.test(text) && !isAmbiguous(text) && parse(text) ? text : undefined
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
  const parsed = parse(url)
  if (parsed === null) return 'database of DATABASE_URL'
  const query = parsed.searchParams
  if (parsed.protocol === 'socket:') return `database ${quote(query.get('db'))} in ${parsed.pathname}`
  const host = query.get('host') ?? (decode(parsed.hostname) || 'localhost')
  const port = query.get('port') ?? (parsed.port || '5432')
  const database = decode(parsed.pathname.slice(1)) || decode(parsed.username)
  return `database ${quote(database)} ${host.startsWith('/') ? `in ${host}` : `on ${host}:${port}`}`
}

/**
 * Returns the URL's password in each spelling, for masking in logs. A password that is also the name of the user, the
 * database or the host is left out, because masking `postgres` everywhere would make messages unreadable.
 */
export function passwordsOf(url: string): string[] {
  const parsed = parse(url)
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
