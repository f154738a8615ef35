// libpq's parameters and variables are honoured, or refused by their name.
import { expect, test } from 'vitest'
import { withVariables } from '../../src/config/libpq.ts'
import { loadConfig } from '../../src/config/load.ts'

const load = (env: Record<string, string>) => loadConfig({ env, cwd: '/' })
const URL_ALONE = 'postgres://me:secret99@h:1/db'

test.for([
  [
    'postgres://',
    { PGHOST: 'h1,h2', PGPORT: '6', PGUSER: 'me', PGPASSWORD: 'p@/s', PGDATABASE: 'd b' },
    'postgres://h1,h2/d%20b?user=me&password=p%40%2Fs&port=6',
  ],
  ['postgres:///db', { PGHOST: '/run' }, 'postgres:///db?host=%2Frun'],
  [URL_ALONE, { PGHOST: 'other', PGPORT: '2', PGUSER: 'x', PGPASSWORD: 'y', PGDATABASE: 'z' }, URL_ALONE],
  [
    URL_ALONE,
    { PGSSLMODE: 'require', PGCONNECT_TIMEOUT: '3' },
    `${URL_ALONE}?connect_timeout=3&sslmode=require`,
  ],
  [`${URL_ALONE}?sslmode=disable`, { PGSSLMODE: 'require' }, `${URL_ALONE}?sslmode=disable`],
  [
    URL_ALONE,
    { PGTARGETSESSIONATTRS: 'read-write', PGOPTIONS: '-c a=b' },
    `${URL_ALONE}?options=-c+a%3Db&target_session_attrs=read-write`,
  ],
] as const)('%s with %o is %s', ([url, env, expected]) => {
  expect(withVariables(url, env)).toBe(expected)
  expect(load({ DATABASE_URL: url, ...env }).databaseUrl).toBe(expected)
})

test.for([
  'service=a',
  'hostaddr=1.2.3.4',
  'passfile=/x',
  'channel_binding=require',
  'sslpassword=x',
  'sslcrl=/x',
  'gssencmode=require',
  'krbsrvname=x',
  'requirepeer=x',
  'keepalives=0',
  'load_balance_hosts=random',
  'require_auth=scram-sha-256',
  'sslcertmode=require',
  'target_session_attrs=standby',
  'client_encoding=LATIN1',
  'dbname=x',
  'unknown=1',
])('%s is refused by its name', (parameter) => {
  const [name] = parameter.split('=')
  const error = () => load({ DATABASE_URL: `${URL_ALONE}?${parameter}` })
  expect(error).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(`${name} is not supported`) }),
  )
  expect(error).not.toThrow(/secret99/)
})

test.for([
  ['PGSERVICE', 'a'],
  ['PGHOSTADDR', '1.2.3.4'],
  ['PGCHANNELBINDING', 'require'],
  ['PGREQUIREAUTH', 'none'],
  ['PGSSLCRL', '/x'],
  ['PGGSSENCMODE', 'require'],
  ['PGREQUIREPEER', 'x'],
  ['PGLOADBALANCEHOSTS', 'random'],
  ['PGTARGETSESSIONATTRS', 'standby'],
] as const)('%s=%s is refused by its name, and only beside a DATABASE_URL', ([name, value]) => {
  expect(() => load({ DATABASE_URL: URL_ALONE, [name]: value })).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(`${name} is not supported`) }),
  )
  expect(load({ [name]: value }).databaseUrl).toBeNull()
})

test('a password of the environment is masked, too', () => {
  expect(load({ DATABASE_URL: 'postgres://me@h/db', PGPASSWORD: 'canary/1' }).secrets()).toContain('canary/1')
})
