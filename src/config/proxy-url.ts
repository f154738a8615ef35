// Reads the address of a proxy, as curl takes it. Its user and password must never be shown.

/** Returns the address; `proxy.example:3128` stands for http://. Undefined if it is none, or could show its password. */
export function readProxyUrl(text: string): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') return undefined
  // An unescaped / ? # or @ in the password would make a piece of it a path or a host.
  if (url.pathname !== '/' || url.search || url.hash || text.split('@').length > 2) return undefined
  if (decoded(url.username) === undefined || decoded(url.password) === undefined) return undefined
  return url.href
}

/** Returns what must be masked in logs: the password in each spelling, and the header that it is sent in. */
export function proxySecretsOf(address: string): string[] {
  const url = new URL(address)
  const [user, password] = [decoded(url.username) ?? '', decoded(url.password) ?? '']
  if (password === '') return []
  const header = Buffer.from(`${user}:${password}`).toString('base64')
  const spellings = [url.password, password].filter((spelling) => ![user, url.hostname].includes(spelling))
  return [...spellings, header, header.replace(/=+$/, '')]
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
