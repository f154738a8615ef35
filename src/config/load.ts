// Reads the environment and the config file. No other code does: it receives the values from here.

import { resolve } from 'node:path'
import { reasonOf } from '../errors.ts'
import type { Proxies } from '../network/proxies.ts'
import { scrub } from '../scrub.ts'
import { DEFAULT_ACCOUNT } from './account-names.ts'
import { passwordsOf, readDatabaseUrl } from './database-url.ts'
import { ownVariables } from './environment.ts'
import { type RawSettings, readConfigFile, withAbsolutePaths, withoutBlanks } from './file.ts'
import { withVariables } from './libpq.ts'
import { problemsBetween, problemsOf, SECRET_SETTINGS, settingsError } from './problems.ts'
import { proxySecretsOf } from './proxy-url.ts'
import { Settings } from './schema.ts'

/** One API key and the categories that the settings list for it. */
export interface AccountConfig {
  readonly name: string
  readonly label: string | null
  readonly categories: readonly string[]
  /** The current key: a key file is read again when it changes, so call this for each use. */
  apiKey(): string
}

/** All settings (contract, section 7), checked, with defaults filled in. Frozen. */
export interface Config {
  readonly accounts: readonly AccountConfig[]
  /** True if no API key is set: the built-in sandbox plays the provider. */
  readonly demo: boolean
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** The current URL: a DATABASE_URL_FILE is read again when it changes. null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null
  /** Absolute. */
  readonly dataDir: string
  readonly syncSchedule: string
  readonly syncConcurrency: number
  readonly syncRateLimitPerSecond: number | null
  readonly syncTimeoutMs: number
  /** Whether each run also asks for the totals of the accounts themselves. */
  readonly syncAccountStats: boolean
  readonly reportingTimezone: string
  /** null: snapshots are kept for ever. */
  readonly snapshotRetentionMs: number | null
  /** The ways to hosts outside; their addresses may hold a password. */
  readonly proxies: Proxies
  /** The file of NODE_EXTRA_CA_CERTS, which Node itself reads; null: none. */
  readonly extraCaFile: string | null
  readonly httpHost: string
  readonly httpPort: number
  /** Where a reverse proxy mounts the pages, such as /sms; empty: at /. */
  readonly httpBasePath: string
  /** Returns the current token that opens the pages; null: only this machine may open them. */
  readonly httpToken: (() => string) | null
  readonly logLevel: Settings['LOG_LEVEL']
  /** null: pretty on a terminal, json elsewhere. */
  readonly logFormat: 'json' | 'pretty' | null
  /** Returns all current keys, tokens and passwords, which must never be shown. */
  secrets(): readonly string[]
}

/**
 * Reads `primosync.yaml` in `cwd` (or the file at `configPath`) and `env`, which overrides the file. An empty value
 * counts as not set. Throws one UsageError that lists every problem.
 */
export function loadConfig(source: {
  env: NodeJS.ProcessEnv
  cwd: string
  configPath?: string | undefined
}): Config {
  const { env, cwd, configPath } = source
  const raw = merge(readConfigFile(cwd, configPath), readEnvironment(env, cwd))
  const parsed = Settings.safeParse(raw, { reportInput: true })
  const problems = [...problemsOf(parsed.error?.issues ?? []), ...problemsBetween(raw)]
  if (!parsed.success || problems.length > 0) {
    // A key may have been written into a setting whose value is shown.
    throw settingsError(problems.map((problem) => scrub(problem, secretsIn(raw))))
  }
  return toConfig(parsed.data, cwd, env)
}

function secretsIn(raw: RawSettings): string[] {
  const text = (name: string) => (typeof raw[name] === 'string' ? [raw[name]] : [])
  const urls = text('DATABASE_URL')
  const proxies = [...text('HTTPS_PROXY'), ...text('HTTP_PROXY')]
  return [
    ...text('PRIMOTEXTO_API_KEY'),
    ...text('HTTP_TOKEN'),
    ...urls.flatMap((url) => [url, ...passwordsOf(url)]),
    ...proxies.flatMap((proxy) => [proxy, ...(URL.canParse(proxy) ? proxySecretsOf(proxy) : [])]),
  ]
}

function readEnvironment(env: NodeJS.ProcessEnv, cwd: string): RawSettings {
  return withAbsolutePaths(withoutBlanks(ownVariables(env)), cwd)
}

/** The environment overrides the file; a secret there, in either form, replaces the file's in either form. */
function merge(file: RawSettings, environment: RawSettings): RawSettings {
  const kept = { ...file }
  for (const name of SECRET_SETTINGS) {
    if (name in environment || `${name}_FILE` in environment) {
      delete kept[name]
      delete kept[`${name}_FILE`]
    }
  }
  return { ...kept, ...environment }
}

function toConfig(settings: Settings, cwd: string, env: NodeJS.ProcessEnv): Config {
  const accounts = accountsOf(settings)
  const readDatabaseUrl = databaseUrlOf(settings, env)
  const httpToken = settings.HTTP_TOKEN ?? settings.HTTP_TOKEN_FILE ?? null
  const proxies = proxiesOf(settings)
  return Object.freeze({
    accounts: Object.freeze(accounts),
    demo: accounts.length === 0,
    baseUrl: settings.PRIMOTEXTO_BASE_URL,
    get databaseUrl() {
      return readDatabaseUrl?.() ?? null
    },
    dataDir: resolve(cwd, settings.PRIMOSYNC_DATA_DIR),
    syncSchedule: settings.SYNC_SCHEDULE,
    syncConcurrency: settings.SYNC_CONCURRENCY,
    syncRateLimitPerSecond: settings.SYNC_RATE_LIMIT,
    syncTimeoutMs: settings.SYNC_TIMEOUT,
    syncAccountStats: settings.SYNC_ACCOUNT_STATS === 'on',
    reportingTimezone: settings.REPORTING_TIMEZONE,
    snapshotRetentionMs: settings.SNAPSHOT_RETENTION,
    proxies,
    extraCaFile: env.NODE_EXTRA_CA_CERTS || null,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    httpBasePath: settings.HTTP_BASE_PATH,
    httpToken,
    logLevel: settings.LOG_LEVEL,
    logFormat: settings.LOG_FORMAT ?? null,
    secrets: () => [
      ...(readDatabaseUrl === null ? [] : [readDatabaseUrl(), ...passwordsOf(readDatabaseUrl())]),
      ...accounts.map((account) => account.apiKey()),
      ...(httpToken === null ? [] : [httpToken()]),
      ...[proxies.httpsProxy, proxies.httpProxy].flatMap((proxy) =>
        proxy === null ? [] : proxySecretsOf(proxy),
      ),
    ],
  })
}

/** Read once: connections are made for good. */
function proxiesOf(settings: Settings): Proxies {
  return {
    httpsProxy: (settings.HTTPS_PROXY ?? settings.HTTPS_PROXY_FILE)?.() ?? null,
    httpProxy: (settings.HTTP_PROXY ?? settings.HTTP_PROXY_FILE)?.() ?? null,
    noProxy: settings.NO_PROXY,
  }
}

/** Null: the embedded database. libpq's variables are read once, as they do not change. */
function databaseUrlOf(settings: Settings, env: NodeJS.ProcessEnv): (() => string) | null {
  const read = settings.DATABASE_URL ?? settings.DATABASE_URL_FILE
  if (read === undefined) return null
  const variables = { ...env }
  try {
    const url = withVariables(read(), variables)
    if (readDatabaseUrl(url) === undefined) throw new Error('together with DATABASE_URL they make no URL')
  } catch (error) {
    throw settingsError([`the PG… variables of the environment: ${reasonOf(error)}`])
  }
  return () => withVariables(read(), variables)
}

function accountsOf(settings: Settings): AccountConfig[] {
  const ofSettings = {
    name: DEFAULT_ACCOUNT,
    label: undefined,
    api_key: settings.PRIMOTEXTO_API_KEY,
    api_key_file: settings.PRIMOTEXTO_API_KEY_FILE,
    categories: settings.PRIMOTEXTO_CATEGORIES,
  }
  return [ofSettings, ...settings.accounts].flatMap((account) => {
    const apiKey = account.api_key ?? account.api_key_file
    if (apiKey === undefined) return [] // no default account
    const categories = Object.freeze([...new Set(account.categories)])
    return [Object.freeze({ name: account.name, label: account.label ?? null, categories, apiKey })]
  })
}
