// libpq's parameters in a DATABASE_URL and its variables in the environment: each is honoured, or refused by its name.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS and libpq-envars.html

type Allowed = 'any' | readonly string[]

/** What is honoured, with the values that it may have. The rest is refused. */
const PARAMETERS: Readonly<Record<string, Allowed>> = {
  host: 'any',
  port: 'any',
  user: 'any',
  password: 'any',
  db: 'any', // of socket: URLs
  application_name: 'any',
  fallback_application_name: 'any',
  options: 'any',
  connect_timeout: 'any',
  sslmode: 'any', // checked elsewhere
  sslrootcert: 'any',
  sslcert: 'any',
  sslkey: 'any',
  sslnegotiation: ['postgres', 'direct'],
  target_session_attrs: ['any', 'read-write', 'primary'],
  // values that mean what happens anyway
  client_encoding: ['auto', 'utf8', 'utf-8', 'unicode'],
  encoding: ['utf8', 'utf-8'],
  channel_binding: ['prefer', 'disable'],
  gssencmode: ['prefer', 'disable'],
  keepalives: ['1'],
  load_balance_hosts: ['disable'],
  sslcompression: ['0'],
  sslsni: ['1'],
  sslcertmode: ['allow'],
  // pg's own
  ssl: 'any',
  uselibpqcompat: 'any',
}

const INSTEAD: Readonly<Record<string, string>> = {
  dbname: 'write the database after the host: postgres://host/database',
  hostaddr: 'write the address in the place of the host',
  passfile: 'set PGPASSFILE, or write the password into the URL',
  service: 'write what the service stands for into the URL',
  target_session_attrs: 'primosync has to write: any, read-write or primary',
  client_encoding: 'it is UTF8',
}

/** Variables that fill in what the URL leaves out, and the parameter that each stands for. */
const VARIABLES: Readonly<Record<string, string>> = {
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGHOST: 'host',
  PGPORT: 'port',
  PGAPPNAME: 'application_name',
  PGOPTIONS: 'options',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGCHANNELBINDING: 'channel_binding',
  PGGSSENCMODE: 'gssencmode',
  PGLOADBALANCEHOSTS: 'load_balance_hosts',
  PGSSLCOMPRESSION: 'sslcompression',
  PGSSLSNI: 'sslsni',
  PGSSLCERTMODE: 'sslcertmode',
  PGHOSTADDR: 'hostaddr',
  PGSERVICE: 'service',
  PGREQUIREPEER: 'requirepeer',
  PGREQUIREAUTH: 'require_auth',
  PGREQUIRESSL: 'requiressl',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGKRBSRVNAME: 'krbsrvname',
  PGGSSLIB: 'gsslib',
  PGGSSDELEGATION: 'gssdelegation',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGMINPROTOCOLVERSION: 'min_protocol_version',
  PGMAXPROTOCOLVERSION: 'max_protocol_version',
}

const PARTS = /^(postgres(?:ql)?:\/\/)(?:([^@/?#]*)@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/

/** Throws an error that names the first parameter of the URL that is not honoured. */
export function refuseUnhonoured(url: string): void {
  for (const [name, value] of new URLSearchParams(url.split('?')[1] ?? '')) refuse(name, name, value)
}

/** Returns the URL with what the environment adds. Throws an error that names a variable which is not honoured. */
export function withVariables(url: string, env: NodeJS.ProcessEnv): string {
  const parts = PARTS.exec(url)
  if (parts === null) return url
  const [, scheme, credentials = '', hosts = '', path = '', search] = parts
  const query = new URLSearchParams(search)
  const [user = '', password] = credentials.split(/:(.*)/s)
  const given = new Set(query.keys())
  if (user !== '') given.add('user')
  if (password !== undefined) given.add('password')
  if (hosts !== '') given.add('host')
  if (/:\d+(,|$)/.test(hosts)) given.add('port')
  let isCompleted = path.length <= 1 && Boolean(env.PGDATABASE)
  for (const [variable, name] of Object.entries(VARIABLES)) {
    const value = env[variable]
    if (value === undefined || value === '' || given.has(name)) continue
    refuse(variable, name, value)
    query.set(name, value)
    isCompleted = true
  }
  if (!isCompleted) return url
  const host = query.get('host') ?? ''
  const isList = hosts === '' && host !== '' && !host.startsWith('/') && !given.has('host')
  if (isList) query.delete('host') // several of them are tried in turn, as those of a URL
  const database = path.length <= 1 && env.PGDATABASE ? `/${encodeURIComponent(env.PGDATABASE)}` : path
  const text = query.toString()
  const before = credentials === '' ? '' : `${credentials}@`
  return `${scheme}${before}${isList ? host : hosts}${database}${text === '' ? '' : `?${text}`}`
}

function refuse(shownName: string, name: string, value: string): void {
  const allowed = PARAMETERS[name]
  if (allowed === 'any' || allowed?.includes(value.toLowerCase())) return
  const instead = INSTEAD[name] ?? (allowed === undefined ? 'leave it out' : `allowed: ${allowed.join(', ')}`)
  throw new Error(
    `${shownName} is not supported${allowed === undefined ? '' : ' with this value'}: ${instead}`,
  )
}

/** Removes what the driver would read by itself, after it has been taken into the URL. The password file stays. */
export function withoutVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (/^PG/.test(name) && name !== 'PGPASSFILE') delete env[name]
}
