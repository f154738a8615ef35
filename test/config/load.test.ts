import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, loadConfig } from '../../src/config/load.ts'
import { UsageError } from '../../src/errors.ts'
import { temporaryFolder } from '../helpers/cli.ts'

const KEY = 'k3y-of-the-provider'
const URL_WITH_PASSWORD = 'postgres://reader:hunter22@db.example/sms'

function load(env: Record<string, string>, yaml?: string): Config {
  const cwd = temporaryFolder()
  if (yaml !== undefined) writeFileSync(join(cwd, 'primosync.yaml'), yaml)
  return loadConfig({ env, cwd })
}

const firstKey = ({ accounts }: Config) => accounts[0]?.apiKey()

function errorAnswerOf(env: Record<string, string>, yaml?: string): string {
  try {
    load(env, yaml)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).exitCode).toBe(2)
    return (error as UsageError).message
  }
  throw new Error('no fault was found')
}

test('without any setting: the defaults of the contract, and the demo', () => {
  const cwd = temporaryFolder()
  const { secrets, ...config } = loadConfig({ env: {}, cwd })
  expect(secrets()).toEqual([])
  expect(config).toEqual({
    accounts: [],
    demo: true,
    baseUrl: 'https://api.primotexto.com/v2',
    databaseUrl: null,
    dataDir: join(cwd, '.primosync'),
    syncSchedule: '*/5 * * * *',
    syncAccountStats: true,
    syncConcurrency: 8,
    syncRateLimitPerSecond: null,
    syncTimeoutMs: 10_000,
    reportingTimezone: 'Europe/Paris',
    snapshotRetentionMs: null,
    proxies: { httpsProxy: null, httpProxy: null, noProxy: '' },
    extraCaFile: null,
    httpBasePath: '',
    httpHost: '127.0.0.1',
    httpPort: 8080,
    httpToken: null,
    logLevel: 'info',
    logFormat: null,
  })
})

test('the settings are frozen', () => {
  const config = load({ PRIMOTEXTO_API_KEY: KEY, PRIMOTEXTO_CATEGORIES: 'a' })
  for (const part of [config, config.accounts, config.accounts[0], config.accounts[0]?.categories]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
})

describe('a right value', () => {
  for (const [name, text, key, value] of [
    ['PRIMOTEXTO_BASE_URL', 'https://sms.example/v2/', 'baseUrl', 'https://sms.example/v2'],
    ['PRIMOTEXTO_BASE_URL', 'http://127.0.0.1:8085/v2', 'baseUrl', 'http://127.0.0.1:8085/v2'],
    ['PRIMOTEXTO_BASE_URL', 'http://[::1]:8085/v2', 'baseUrl', 'http://[::1]:8085/v2'],
    ['PRIMOTEXTO_BASE_URL', 'http://sandbox:8085/v2', 'baseUrl', 'http://sandbox:8085/v2'],
    ['PRIMOTEXTO_BASE_URL', 'http://172.17.0.1/v2', 'baseUrl', 'http://172.17.0.1/v2'],
    ['DATABASE_URL', URL_WITH_PASSWORD, 'databaseUrl', URL_WITH_PASSWORD],
    ['DATABASE_URL', 'postgresql:///sms?host=/run', 'databaseUrl', 'postgresql:///sms?host=/run'],
    ['DATABASE_URL', 'postgres://me@/sms?host=/run', 'databaseUrl', 'postgres://me@/sms?host=/run'],
    ['DATABASE_URL', 'postgres://%2Frun/sms', 'databaseUrl', 'postgres://%2Frun/sms'],
    ['DATABASE_URL', 'socket:/run?db=sms', 'databaseUrl', 'socket:/run?db=sms'],
    ['DATABASE_URL', 'postgres://h/sms?user=me@tenant', 'databaseUrl', 'postgres://h/sms?user=me@tenant'],
    ['DATABASE_URL', '/run sms', 'databaseUrl', '/run sms'],
    ['DATABASE_URL', 'postgres://me@h1:1,h2:2/sms', 'databaseUrl', 'postgres://me@h1:1,h2:2/sms'],
    ['PRIMOSYNC_DATA_DIR', '/srv/primosync', 'dataDir', '/srv/primosync'],
    ['SYNC_SCHEDULE', '*/10 * * * * *', 'syncSchedule', '*/10 * * * * *'],
    ['SYNC_SCHEDULE', '0 8-18 * * MON-FRI', 'syncSchedule', '0 8-18 * * MON-FRI'],
    ['SYNC_CONCURRENCY', '500', 'syncConcurrency', 500],
    ['SYNC_RATE_LIMIT', '2.5', 'syncRateLimitPerSecond', 2.5],
    ['SYNC_RATE_LIMIT', 'off', 'syncRateLimitPerSecond', null],
    ['SYNC_ACCOUNT_STATS', 'off', 'syncAccountStats', false],
    ['SYNC_TIMEOUT', '500 ms', 'syncTimeoutMs', 500],
    ['SYNC_TIMEOUT', '3s', 'syncTimeoutMs', 3000],
    ['SYNC_TIMEOUT', '1.5', 'syncTimeoutMs', 1500],
    ['SYNC_TIMEOUT', '2 min', 'syncTimeoutMs', 120_000],
    ['REPORTING_TIMEZONE', 'Australia/Lord_Howe', 'reportingTimezone', 'Australia/Lord_Howe'],
    ['REPORTING_TIMEZONE', 'europe/paris', 'reportingTimezone', 'Europe/Paris'],
    ['SNAPSHOT_RETENTION', '400 days', 'snapshotRetentionMs', 400 * 86_400_000],
    ['SNAPSHOT_RETENTION', '1 day', 'snapshotRetentionMs', 86_400_000],
    ['SNAPSHOT_RETENTION', 'off', 'snapshotRetentionMs', null],
    ['HTTP_HOST', '[::1]', 'httpHost', '::1'],
    ['HTTP_HOST', '0.0.0.0', 'httpHost', '0.0.0.0'],
    ['HTTP_PORT', '0', 'httpPort', 0],
    ['LOG_LEVEL', 'silent', 'logLevel', 'silent'],
    ['LOG_FORMAT', 'pretty', 'logFormat', 'pretty'],
    ['LOG_FORMAT', '', 'logFormat', null],
  ] as const) {
    test(`${name}=${text}`, () => expect(load({ [name]: text })[key]).toEqual(value))
    test(`${name}: ${text} in the file`, () => {
      expect(load({}, `${name}: ${JSON.stringify(text)}`)[key]).toEqual(value)
    })
  }
})

describe('a wrong value is named with its setting and what is allowed', () => {
  for (const [name, text, allowed] of [
    ['PRIMOTEXTO_BASE_URL', 'api.primotexto.com', 'https://'],
    ['PRIMOTEXTO_BASE_URL', 'ftp://api.primotexto.com', 'https://'],
    ['PRIMOTEXTO_BASE_URL', 'http://api.primotexto.com/v2', 'unencrypted'],
    ['PRIMOTEXTO_BASE_URL', 'http://8.8.8.8/v2', 'unencrypted'],
    ['PRIMOTEXTO_BASE_URL', 'https://sms.example/v2?x=1', 'https://'],
    ['SYNC_SCHEDULE', '* * * *', 'five fields'],
    ['SYNC_SCHEDULE', '61 * * * *', 'five fields'],
    ['SYNC_SCHEDULE', '@hourly', 'five fields'],
    ['SYNC_SCHEDULE', '0 0 30 2 *', 'impossible day'],
    ['SYNC_SCHEDULE', '0 0 30 2 1#5', 'impossible day'],
    ['SYNC_SCHEDULE', '0 0 L-3 * *', 'L has to be a value of its own'],
    ['SYNC_SCHEDULE', '10-5/2 * * * *', 'larger than'],
    ['SYNC_SCHEDULE', '*/61 * * * *', 'a step of the'],
    ['SYNC_SCHEDULE', '0 1-5/25 * * *', 'a step of the'],
    ['SYNC_SCHEDULE', '*/90 * * * * *', 'a step of the'],
    ['SYNC_CONCURRENCY', '0', 'from 1 to 500'],
    ['SYNC_CONCURRENCY', '501', 'from 1 to 500'],
    ['SYNC_CONCURRENCY', '2.5', 'from 1 to 500'],
    ['SYNC_RATE_LIMIT', '0', 'above 0'],
    ['SYNC_RATE_LIMIT', '-1', 'above 0'],
    ['SYNC_RATE_LIMIT', 'Infinity', 'above 0'],
    ['SYNC_TIMEOUT', '0', 'such as 10 s'],
    ['SYNC_TIMEOUT', '5 h', 'such as 10 s'],
    ['SYNC_TIMEOUT', '11 min', 'such as 10 s'],
    ['REPORTING_TIMEZONE', "Paris'; drop", 'Europe/Paris'],
    ['REPORTING_TIMEZONE', 'posix/Europe/Paris', 'Europe/Paris'],
    ['REPORTING_TIMEZONE', 'localtime', 'Europe/Paris'],
    ['REPORTING_TIMEZONE', 'Mars/Olympus', 'Europe/Paris'],
    ['REPORTING_TIMEZONE', '+02:00', 'Europe/Paris'],
    ['HTTP_HOST', 'http://localhost', 'host name'],
    ['SNAPSHOT_RETENTION', '400', '400 days'],
    ['SNAPSHOT_RETENTION', '0 days', '400 days'],
    ['HTTP_PORT', '65536', '65535'],
    ['HTTP_PORT', 'http', '65535'],
    ['LOG_LEVEL', 'verbose', 'trace, debug, info'],
    ['LOG_FORMAT', 'xml', 'json or pretty'],
  ] as const) {
    test(`${name}=${text}`, () => {
      const message = errorAnswerOf({ [name]: text })
      for (const part of [name, JSON.stringify(text), allowed]) expect(message).toContain(part)
    })
  }
})

test('all faults are told at once', () => {
  const message = errorAnswerOf(
    { SYNC_CONCURRENCY: '0', HTTP_PORT: '-1', PRIMOTEXTO_API_KEY: 'a', PRIMOTEXTO_API_KEY_FILE: '/none' },
    'LOG_LEVEL: loud\nSYNC_TIMOUT: 3',
  )
  for (const part of ['SYNC_CONCURRENCY', 'HTTP_PORT', 'LOG_LEVEL', 'SYNC_TIMOUT', 'ENOENT', 'both given']) {
    expect(message).toContain(part)
  }
})

describe('an unknown name', () => {
  for (const [name, meant] of [
    ['SYNC_CONCURENCY', 'SYNC_CONCURRENCY'],
    ['PRIMOTEXO_API_KEY', 'PRIMOTEXTO_API_KEY'],
    ['PRIMOTEXTO_CATEGORY', 'PRIMOTEXTO_CATEGORIES'],
    ['REPORTING_TIME_ZONE', 'REPORTING_TIMEZONE'],
    ['HTTP_PROT', 'HTTP_PORT'],
    ['LOG_LEVELS', 'LOG_LEVEL'],
    ['DATABASE_URI', 'DATABASE_URL'],
  ] as const) {
    test(`${name} is refused, and ${meant} suggested; its value stays untold`, () => {
      for (const message of [errorAnswerOf({ [name]: KEY }), errorAnswerOf({}, `${name}: ${KEY}`)]) {
        expect(message).toContain(`${name} is not a setting; did you mean ${meant}?`)
        expect(message).not.toContain(KEY)
      }
    })
  }

  test('in small letters in the file', () => {
    expect(errorAnswerOf({}, 'sync_timeout: 3')).toContain(
      'sync_timeout is not a setting; did you mean SYNC_TIMEOUT?',
    )
  })

  test('like nothing we know: refused without a guess', () => {
    expect(errorAnswerOf({ SYNC_MOON: '1' })).toContain('SYNC_MOON is not a setting')
    expect(errorAnswerOf({ SYNC_MOON: '1' })).not.toContain('did you mean')
  })

  for (const name of [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'HTTPS_PORT',
    'LOG_DIR',
    'RSYNC_TIMEOUT',
    'DATABASE_HOST',
  ]) {
    test(`${name} belongs to others`, () => expect(load({ [name]: 'x' }).demo).toBe(true))
  }
})

describe('secrets', () => {
  const cases: [string, Record<string, string>, string?][] = [
    ['a key with a blank', { PRIMOTEXTO_API_KEY: 'hunter22 hunter22' }],
    ['a database of another sort', { DATABASE_URL: 'mysql://me:hunter22@db/sms' }],
    ['a password that breaks the URL', { DATABASE_URL: 'postgres://me:hunter22#@db/sms' }],
    ['an sslmode that is none', { DATABASE_URL: 'postgres://me:hunter22@db/sms?sslmode=maybe' }],
    [
      'a certificate that is not there',
      { DATABASE_URL: 'postgres://me:hunter22@db/sms?sslmode=verify-full&sslrootcert=/nope.pem' },
    ],
    ['two unescaped @', { DATABASE_URL: 'postgres://we@ird:hunter22@127.0.0.1/app' }],
    ['an @ behind a slash', { DATABASE_URL: 'postgres://we@ird:p@ss/hunter22@127.0.0.1:5432/app' }],
    ['a # in the password', { DATABASE_URL: 'postgres://me:12#hunter22@db/app' }],
    ['a ? in the password', { DATABASE_URL: 'postgres://me:12?hunter22@db/app' }],
    ['a slash in the password', { DATABASE_URL: 'postgres://me:12/hunter22@db/app' }],
    ['the key where its path belongs', { PRIMOTEXTO_API_KEY_FILE: 'hunter22' }],
    ['the URL where its path belongs', { DATABASE_URL_FILE: 'postgres://me:hunter22@db/sms' }],
    ['credentials in the base URL', { PRIMOTEXTO_BASE_URL: 'https://me:hunter22@api.example' }],
    [
      'the key in the base URL',
      { PRIMOTEXTO_API_KEY: 'hunter22', PRIMOTEXTO_BASE_URL: 'http://hunter22.fr' },
    ],
    ['a token with a blank', { HTTP_TOKEN: 'hunter22 hunter22' }],
    ['the token where its path belongs', { HTTP_TOKEN_FILE: 'hunter22' }],
    ['a token with a slash where its path belongs', { HTTP_TOKEN_FILE: 'hunter22/x=' }],
    ['the token in the base URL', { HTTP_TOKEN: 'hunter22', PRIMOTEXTO_BASE_URL: 'http://hunter22.fr' }],
    ['both forms', { PRIMOTEXTO_API_KEY: 'hunter22', PRIMOTEXTO_API_KEY_FILE: '/none/hunter22' }],
    ["an account's key", {}, 'accounts: [{name: a, api_key: "hunter22 x"}]'],
    ['a list of keys', {}, 'PRIMOTEXTO_API_KEY: [hunter22]'],
    ['broken YAML', {}, 'PRIMOTEXTO_API_KEY: *hunter22 x'],
    ['an unknown alias', {}, 'PRIMOTEXTO_API_KEY: *hunter22'],
    ['a stray text', {}, 'LOG_LEVEL: info\nhunter22'],
  ]
  for (const [what, env, yaml] of cases) {
    test(`never in a message: ${what}`, () => expect(errorAnswerOf(env, yaml)).not.toContain('hunter22'))
  }

  test('are known, to keep them out of logs', () => {
    const yaml = 'accounts: [{name: b, api_key: key-of-b}]'
    const config = load({ PRIMOTEXTO_API_KEY: KEY, DATABASE_URL: URL_WITH_PASSWORD }, yaml)
    expect(config.secrets()).toEqual(expect.arrayContaining([KEY, 'key-of-b', 'hunter22', URL_WITH_PASSWORD]))
  })

  test('come from files as well, without the line break at the end', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'key'), `${KEY}\n`)
    writeFileSync(join(folder, 'url'), `${URL_WITH_PASSWORD}\n`)
    const env = { PRIMOTEXTO_API_KEY_FILE: 'key', DATABASE_URL_FILE: join(folder, 'url') }
    const config = loadConfig({ env, cwd: folder })
    expect(config.accounts[0]?.apiKey()).toBe(KEY)
    expect(config.databaseUrl).toBe(URL_WITH_PASSWORD)
  })

  for (const [what, env, yaml, secretOf] of [
    ['PRIMOTEXTO_API_KEY_FILE', { PRIMOTEXTO_API_KEY_FILE: 'secret' }, '', firstKey],
    ['api_key_file of an account', {}, 'accounts: [{name: shop, api_key_file: secret}]', firstKey],
    ['HTTP_TOKEN_FILE', { HTTP_TOKEN_FILE: 'secret' }, '', ({ httpToken }) => httpToken?.()],
    ['DATABASE_URL_FILE', { DATABASE_URL_FILE: 'secret' }, '', ({ databaseUrl }) => databaseUrl],
  ] satisfies [string, Record<string, string>, string, (config: Config) => unknown][]) {
    test(`${what}: a file that changes is read again; while it is empty the last secret goes on`, () => {
      const folder = temporaryFolder()
      const [path, first, second] = [join(folder, 'secret'), 'postgres://first/sms', 'postgres://second/sms']
      writeFileSync(path, first)
      writeFileSync(join(folder, 'primosync.yaml'), yaml)
      const config = loadConfig({ env, cwd: folder })
      const replaceBy = (text: string) => {
        writeFileSync(`${path}.new`, text)
        renameSync(`${path}.new`, path)
      }
      expect(secretOf(config)).toBe(first)
      replaceBy('')
      expect(secretOf(config)).toBe(first)
      replaceBy(second)
      expect(secretOf(config)).toBe(second)
      expect(config.secrets()).toContain(second)
    })
  }

  for (const [what, text, reason] of [
    ['that is missing', null, 'ENOENT'],
    ['that is empty', '\n', 'empty'],
    ['that holds something else', 'two words', 'something else'],
  ] as const) {
    test(`a file ${what} is a fault`, () => {
      const folder = temporaryFolder()
      if (text !== null) writeFileSync(join(folder, 'key'), text)
      expect(() => loadConfig({ env: { PRIMOTEXTO_API_KEY_FILE: 'key' }, cwd: folder })).toThrow(reason)
    })
  }

  for (const name of ['PRIMOTEXTO_API_KEY', 'DATABASE_URL']) {
    test(`${name} and ${name}_FILE together are a fault`, () => {
      const message = errorAnswerOf({ [name]: 'postgres://db/sms', [`${name}_FILE`]: '/dev/null' })
      expect(message).toContain(`${name} and ${name}_FILE are both given`)
    })
  }
})

describe('categories', () => {
  const categoriesOf = (env: Record<string, string>, yaml?: string) =>
    load({ PRIMOTEXTO_API_KEY: KEY, ...env }, yaml).accounts[0]?.categories

  for (const [what, text, names] of [
    ['blanks around a name are not part of it', ' a , b c,', ['a', 'b c']],
    ['a name twice counts once', 'a,a', ['a']],
    ['case matters', 'a,A', ['a', 'A']],
    ['anything may stand in a name', 'l\'été "&" 🎉/+', ['l\'été "&" 🎉/+']],
    ['255 characters', '🎉'.repeat(255), ['🎉'.repeat(255)]],
  ] as const) {
    test(`in one line: ${what}`, () => expect(categoriesOf({ PRIMOTEXTO_CATEGORIES: text })).toEqual(names))
  }

  test('the list of the file takes them verbatim', () => {
    const yaml = 'PRIMOTEXTO_CATEGORIES: [" a", "b,c", 007, no, null]'
    expect(categoriesOf({}, yaml)).toEqual([' a', 'b,c', '007', 'no', 'null'])
  })

  for (const [what, yaml] of [
    ['an empty one', '""'],
    ['256 characters', 'x'.repeat(256)],
    ['NUL', '"a\\0b"'],
    ['half a surrogate pair', '"\\ud83c"'],
  ] as const) {
    test(`refused: ${what}`, () => {
      const message = errorAnswerOf({ PRIMOTEXTO_API_KEY: KEY }, `PRIMOTEXTO_CATEGORIES: [good, ${yaml}]`)
      expect(message).toContain('PRIMOTEXTO_CATEGORIES[1]')
      expect(message).toContain('1 to 255 characters')
    })
  }

  test('without a key they are a fault: the numbers of the demo would be taken for theirs', () => {
    expect(errorAnswerOf({ PRIMOTEXTO_CATEGORIES: 'a' })).toContain('needs PRIMOTEXTO_API_KEY')
  })
})

describe('the config file', () => {
  test('the environment wins over it', () => {
    const config = load({ SYNC_TIMEOUT: '3 s' }, 'SYNC_TIMEOUT: 5 s\nSYNC_CONCURRENCY: 4')
    expect(config).toMatchObject({ syncTimeoutMs: 3000, syncConcurrency: 4 })
  })

  test("a key in the environment replaces the file's, in whatever form", () => {
    const config = load({ PRIMOTEXTO_API_KEY: KEY }, 'PRIMOTEXTO_API_KEY_FILE: /none')
    expect(config.accounts[0]?.apiKey()).toBe(KEY)
  })

  test('adds accounts to the default one', () => {
    const yaml = [
      'accounts:',
      '  - { name: shop, label: The shop, api_key: key-of-shop, categories: [orders, " a"] }',
      '  - { name: club, api_key: key-of-club }',
    ].join('\n')
    const { accounts, demo } = load({ PRIMOTEXTO_API_KEY: KEY, PRIMOTEXTO_CATEGORIES: 'otp' }, yaml)
    expect(demo).toBe(false)
    expect(accounts.map(({ apiKey, ...account }) => ({ ...account, key: apiKey() }))).toEqual([
      { name: 'default', label: null, categories: ['otp'], key: KEY },
      { name: 'shop', label: 'The shop', categories: ['orders', ' a'], key: 'key-of-shop' },
      { name: 'club', label: null, categories: [], key: 'key-of-club' },
    ])
  })

  test('its paths are relative to its own folder', () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'etc'))
    writeFileSync(join(cwd, 'etc', 'key'), KEY)
    const yaml = 'PRIMOSYNC_DATA_DIR: data\naccounts: [{name: a, api_key_file: key}]'
    writeFileSync(join(cwd, 'etc', 'p.yaml'), yaml)
    const config = loadConfig({ env: {}, cwd, configPath: 'etc/p.yaml' })
    expect(config.dataDir).toBe(join(cwd, 'etc', 'data'))
    expect(config.accounts[0]?.apiKey()).toBe(KEY)
  })

  test('may be empty', () => expect(load({}, '# nothing yet\n').demo).toBe(true))

  test('must be there if it was named', () => {
    const cwd = temporaryFolder()
    expect(() => loadConfig({ env: {}, cwd, configPath: 'other.yaml' })).toThrow(join(cwd, 'other.yaml'))
  })

  for (const [what, yaml, part] of [
    ['no YAML', 'LOG_LEVEL: info\nSYNC_SCHEDULE: */5 * * * *', 'line 2'],
    ['no map', '- LOG_LEVEL', 'not a map'],
    ['a setting twice', 'LOG_LEVEL: info\nLOG_LEVEL: warn', 'duplicate key'],
    ['a list for one value', 'HTTP_PORT: [1]', 'HTTP_PORT cannot be a list'],
    ['accounts as a map', 'accounts: {a: b}', 'accounts cannot be a map'],
    ['an account without a name', 'accounts: [{api_key: k}]', 'accounts[0].name is missing'],
    ['an account without a key', 'accounts: [{name: a}]', 'accounts[0] has no api_key'],
    ['an account with two keys', 'accounts: [{name: a, api_key: k, api_key_file: f}]', 'both given'],
    ['a misspelt key of an account', 'accounts: [{name: a, apikey: k}]', 'did you mean api_key?'],
    ['two accounts of one name', 'accounts: [{name: a, api_key: k}, {name: a, api_key: l}]', 'called "a"'],
    ['a real account called sandbox', 'accounts: [{name: sandbox, api_key: k}]', 'sandbox'],
  ] as const) {
    test(`refused: ${what}`, () => expect(errorAnswerOf({}, yaml)).toContain(part))
  }

  test('cannot name a second default account', () => {
    const yaml = 'accounts: [{name: default, api_key: k}]'
    expect(errorAnswerOf({ PRIMOTEXTO_API_KEY: KEY }, yaml)).toContain('two accounts are called "default"')
    expect(load({}, yaml).accounts).toHaveLength(1)
  })
})

describe('proxies', () => {
  const SECRET = 'Canary/p@ss'
  const ADDRESS = `http://me:${encodeURIComponent(SECRET)}@proxy.example:3128`
  const load = (env: NodeJS.ProcessEnv) => loadConfig({ env, cwd: temporaryFolder() })

  test.each<[NodeJS.ProcessEnv, object]>([
    [{ HTTPS_PROXY: 'proxy.example:3128' }, { httpsProxy: 'http://proxy.example:3128/' }],
    [{ https_proxy: 'http://low' }, { httpsProxy: 'http://low/' }],
    [{ http_proxy: 'http://low', HTTP_PROXY: 'http://up' }, { httpProxy: 'http://low/' }],
    [{ http_proxy: '', HTTP_PROXY: 'http://up' }, { httpProxy: 'http://up/' }],
    [{ no_proxy: 'low', NO_PROXY: 'up' }, { noProxy: 'low' }],
  ])('%j', (env, expected) => {
    expect(load(env).proxies).toMatchObject(expected)
  })

  test('a wrong one is refused, and nothing of it is shown', () => {
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY_FILE']) {
      for (const wrong of [
        `socks5://me:${SECRET}@host`,
        `http://me:${SECRET}@host`,
        'http://me:Canary#p@host',
      ]) {
        const message = errorAnswerOf({ [name]: wrong })
        expect(message).toContain(name.toUpperCase())
        expect(message).not.toMatch(/Canary|p@ss|socks5/)
      }
    }
  })

  test('the password is a secret in every spelling, and in the header that it is sent in', () => {
    const secrets = load({ HTTPS_PROXY: ADDRESS }).secrets()
    for (const spelling of [
      SECRET,
      encodeURIComponent(SECRET),
      Buffer.from(`me:${SECRET}`).toString('base64'),
    ])
      expect(secrets).toContain(spelling)
  })
})
