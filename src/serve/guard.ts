// Who may see the pages: with a token everyone who has it; without one only this machine.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const SESSION_S = 7 * 24 * 3600
const MOST_TRIES = 10
const TRIES_WITHIN_MS = 15 * 60_000
const MOST_ADDRESSES = 10_000
/** How long the answer to a wrong token takes when there were too many. */
export const SLOWED_MS = 1_000

export interface GuardSettings {
  /** The current token that opens the pages; null: none is set. */
  readonly token: (() => string) | null
  /** The address that the server listens on. */
  readonly host: string
  /** Where a reverse proxy mounts the pages, such as /sms; empty: at /. */
  readonly basePath: string
}

/** Why a request is denied. */
export type AccessDenial = 'closed' | 'foreign-host' | 'signed-out' | 'too-many-tries'

export interface Guard {
  denial(c: Context): AccessDenial | null
  /** Whether there is a session that can be ended. */
  hasSession(c: Context): boolean
  /** Begins a session if the token is right. */
  signIn(c: Context, token: string): 'ok' | 'wrong' | 'too-many-tries'
  signOut(c: Context): void
}

export function createGuard({ token, host, basePath }: GuardSettings): Guard {
  const tries = createTries()
  const isCorrect = (given: string) => token !== null && isEqual(given, token())
  const path = basePath || '/'
  const hasSession = (c: Context) =>
    token !== null && isSession(getCookie(c, cookieName(c, token())), token())

  const attempt = (c: Context, given: string) => {
    const address = addressOf(c)
    // Everybody behind a reverse proxy has its address, so wrong tokens of others keep nobody out.
    if (isCorrect(given)) return 'ok'
    if (tries.areUsedUp(address)) return 'too-many-tries'
    tries.note(address)
    return 'wrong'
  }

  return {
    hasSession,
    denial(c) {
      if (token === null) {
        if (!isLoopback(host)) return 'closed'
        return isLocalName(new URL(c.req.url).hostname) ? null : 'foreign-host'
      }
      if (hasSession(c)) return null
      const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
      if (bearer === undefined) return 'signed-out'
      const outcome = attempt(c, bearer)
      return outcome === 'ok' ? null : outcome === 'wrong' ? 'signed-out' : outcome
    },
    signIn(c, given) {
      const outcome = attempt(c, given)
      if (outcome === 'ok') {
        setCookie(c, cookieName(c, token!()), newSession(token!()), {
          httpOnly: true,
          sameSite: 'Lax', // with Strict, a sign-in link on another page would lead to the login again
          path,
          maxAge: SESSION_S,
          secure: isBehindTls(c),
        })
      }
      return outcome
    },
    signOut: (c) => void (token && deleteCookie(c, cookieName(c, token()), { path, secure: isBehindTls(c) })),
  }
}

/**
 * Browsers share cookies between the ports of a host, so that two instances need names of their own: from the token, and
 * from the port that the browser sees.
 */
function cookieName(c: Context, token: string): string {
  const own = keyed(`primosync cookie ${new URL(c.req.url).port}`, token).slice(0, 10)
  return `primosync_session_${own}`
}

/** What the proxy nearest to the browser says comes first. */
const isBehindTls = (c: Context) => /^\s*https\s*(,|$)/i.test(c.req.header('x-forwarded-proto') ?? '')

/** Compares in constant time. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

// A session cookie is the time of its end, signed with the token. Nothing is stored; a new token ends all sessions.
function newSession(token: string): string {
  const endsAtS = String(Math.floor(Date.now() / 1000) + SESSION_S)
  return `${endsAtS}.${signature(endsAtS, token)}`
}

function isSession(cookie: string | undefined, token: string): boolean {
  const [endsAtS = '', signed = ''] = (cookie ?? '').split('.')
  return isEqual(signed, signature(endsAtS, token)) && Number(endsAtS) * 1000 > Date.now()
}

function signature(endsAtS: string, token: string): string {
  return keyed(`primosync session ${endsAtS}`, token)
}

const keyed = (text: string, token: string) => createHmac('sha256', token).update(text).digest('base64url')

/** Counts wrong tokens by address; the oldest are forgotten where there are too many. */
function createTries() {
  const byAddress = new Map<string, { count: number; until: number }>()
  const current = (address: string) => {
    const tries = byAddress.get(address)
    return tries && tries.until > Date.now() ? tries : undefined
  }
  return {
    areUsedUp: (address: string) => (current(address)?.count ?? 0) >= MOST_TRIES,
    note(address: string) {
      const tries = current(address) ?? { count: 0, until: Date.now() + TRIES_WITHIN_MS }
      byAddress.delete(address) // so that it moves to the end of the map
      byAddress.set(address, { ...tries, count: tries.count + 1 })
      if (byAddress.size > MOST_ADDRESSES) byAddress.delete(byAddress.keys().next().value!)
    },
  }
}

/** The address, or the /64 network of an IPv6 address: one client usually has all of it. */
function addressOf(c: Context): string {
  const address = remoteAddress(c).replace(/^::ffff:/, '')
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address
}

function remoteAddress(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? ''
  } catch {
    return '' // called without a socket
  }
}

export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host)

/** Against DNS rebinding: a page on the Internet can point its own name at this machine, and browsers send that name. */
const isLocalName = (hostname: string) =>
  isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')) || hostname.endsWith('.localhost')
