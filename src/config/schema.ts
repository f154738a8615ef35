// The schema of all settings, for the environment and the file. The message of an issue says what is allowed.

import { z } from 'zod'
import { CATEGORY_ALLOWED, categoryProblem } from '../counters/category-name.ts'
import { reasonOf } from '../errors.ts'
import { knownTimezone } from '../timezone.ts'
import { readDatabaseUrl } from './database-url.ts'
import { readProxyUrl } from './proxy-url.ts'
import {
  oneOf,
  readApiKey,
  readBasePath,
  readBaseUrl,
  readDurationMs,
  readHost,
  readRate,
  readRetentionMs,
  readSchedule,
  wholeNumber,
} from './readers.ts'
import { constantSecret, openSecretFile, type Secret } from './secret.ts'

/** A setting that is written as text; `allowed` completes the line "…; allowed: …". */
function setting<Value>(allowed: string, read: (text: string) => Value | undefined) {
  return z.string({ error: allowed }).transform((text, context) => {
    let message = allowed
    try {
      const value = read(text.trim())
      if (value !== undefined) return value
    } catch (error) {
      message = `${allowed} (${reasonOf(error)})`
    }
    context.addIssue({ code: 'custom', message, input: text })
    return z.NEVER
  })
}

const name = z
  .string({ error: CATEGORY_ALLOWED })
  .refine((text) => categoryProblem(text) === null, { error: CATEGORY_ALLOWED })
const names = z.array(name, { error: 'a list of names' })

/** A secret as a value, and its `_FILE` variant: both become a function that returns it. */
function secret(allowed: string, read: (text: string) => string | undefined) {
  return {
    plain: setting(allowed, read).transform(constantSecret),
    file: z.string({ error: 'the path of a file' }).transform((path, context): Secret => {
      try {
        if (path.includes('://')) throw new Error('this is a URL')
        return openSecretFile(path, read)
      } catch (error) {
        const message = `the path of a file that holds ${allowed} (${reasonOf(error)})`
        context.addIssue({ code: 'custom', message, input: path })
        return z.NEVER
      }
    }),
  }
}

const apiKey = secret(
  'the key alone as Primotexto shows it, in ASCII without spaces, quotes or a word such as Bearer',
  readApiKey,
)
const httpToken = secret('a token in ASCII without spaces, such as openssl rand -hex 24 makes', readApiKey)
const proxyUrl = secret(
  'the http:// or https:// address of a proxy, with special characters in user and password percent-encoded (%40 for @, %2F for /, %3A for :, %3F for ?, %23 for #)',
  readProxyUrl,
)
const databaseUrl = secret(
  'a postgres:// URL, with special characters in user and password percent-encoded (%40 for @, %2F for /, %3A for :, %3F for ?, %23 for #)',
  readDatabaseUrl,
)

// In the environment, categories are separated by commas, and white space around a name is not part of it, as people
// write "a, b". A name with a comma or with outer spaces can be listed in the file.
const splitAtCommas = (value: unknown) =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : value

const Account = z.strictObject(
  {
    name,
    label: z.string({ error: 'a text' }).optional(),
    api_key: apiKey.plain.optional(),
    api_key_file: apiKey.file.optional(),
    categories: names.default([]),
  },
  { error: 'name, label, api_key or api_key_file, categories' },
)

export const Settings = z.strictObject({
  PRIMOTEXTO_API_KEY: apiKey.plain.optional(),
  PRIMOTEXTO_API_KEY_FILE: apiKey.file.optional(),
  PRIMOTEXTO_BASE_URL: setting(
    'an https:// address; http:// only on this machine or in a private network, as the key would be sent unencrypted',
    readBaseUrl,
  ).prefault('https://api.primotexto.com/v2'),
  PRIMOTEXTO_CATEGORIES: z.preprocess(splitAtCommas, names).default([]),
  DATABASE_URL: databaseUrl.plain.optional(), // absent: the embedded database
  DATABASE_URL_FILE: databaseUrl.file.optional(),
  PRIMOSYNC_DATA_DIR: setting('the path of a folder', (text) => text).prefault('.primosync'),
  SYNC_SCHEDULE: setting(
    'a cron line of five fields, or six with seconds first, such as */5 * * * *',
    readSchedule,
  ).prefault('*/5 * * * *'),
  SYNC_CONCURRENCY: setting('a whole number from 1 to 500', wholeNumber(1, 500)).prefault('8'),
  SYNC_RATE_LIMIT: setting('requests per second, a number above 0, or off', readRate).prefault('off'),
  SYNC_TIMEOUT: setting('a duration from 1 ms to 10 min, such as 10 s', readDurationMs).prefault('10 s'),
  SYNC_ACCOUNT_STATS: setting('on or off', oneOf('on', 'off')).prefault('on'),
  REPORTING_TIMEZONE: setting('the name of a time zone such as Europe/Paris', knownTimezone).prefault(
    'Europe/Paris',
  ),
  SNAPSHOT_RETENTION: setting('off, or a number of days such as 400 days', readRetentionMs).prefault('off'),
  HTTP_HOST: setting('an address or host name to listen on', readHost).prefault('127.0.0.1'),
  HTTP_PORT: setting('a port from 0 (any free one) to 65535', wholeNumber(0, 65_535)).prefault('8080'),
  HTTP_TOKEN: httpToken.plain.optional(), // absent: only this machine may open the pages
  HTTP_TOKEN_FILE: httpToken.file.optional(),
  HTTP_BASE_PATH: setting('a path such as / or /sms', readBasePath).prefault('/'),
  HTTPS_PROXY: proxyUrl.plain.optional(),
  HTTPS_PROXY_FILE: proxyUrl.file.optional(),
  HTTP_PROXY: proxyUrl.plain.optional(),
  HTTP_PROXY_FILE: proxyUrl.file.optional(),
  NO_PROXY: setting(
    'hosts, domains, addresses and networks, separated by commas; or *',
    (text) => text,
  ).prefault(''),
  LOG_LEVEL: setting(
    'trace, debug, info, warn, error, fatal or silent',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  ).prefault('info'),
  // absent: pretty on a terminal, json elsewhere
  LOG_FORMAT: setting('json or pretty', oneOf('json', 'pretty')).optional(),
  accounts: z.array(Account, { error: 'a list of accounts' }).default([]), // in the file only
})

export type Settings = z.output<typeof Settings>

/** The settings that the environment may contain, too. */
export const SETTING_NAMES = Object.keys(Settings.shape).filter((name) => name !== 'accounts')

/** The keys of an account in the file. */
export const ACCOUNT_KEYS = Object.keys(Account.shape)
