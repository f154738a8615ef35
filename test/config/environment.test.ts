// The environment as orchestrators and files of variables make it.
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'

const load = (env: Record<string, string>) => loadConfig({ env, cwd: '/' })

const linksOf = (service: string): Record<string, string> => ({
  [`${service}_SERVICE_HOST`]: '10.0.0.1',
  [`${service}_SERVICE_PORT`]: '8080',
  [`${service}_SERVICE_PORT_HTTP`]: '8080',
  [`${service}_PORT`]: 'tcp://10.0.0.1:8080',
  [`${service}_PORT_8080_TCP`]: 'tcp://10.0.0.1:8080',
  [`${service}_PORT_8080_TCP_PROTO`]: 'tcp',
  [`${service}_PORT_8080_TCP_PORT`]: '8080',
  [`${service}_PORT_8080_TCP_ADDR`]: '10.0.0.1',
})

test.for([
  'PRIMOSYNC',
  'PRIMOTEXTO',
  'HTTP',
  'SYNC',
  'SMTP',
  'ALERT',
  'SNAPSHOT',
  'REPORTING',
  'DATABASE',
  'LOG',
  'PRIMOSYNC_HTTP',
])('a Kubernetes service %s is no setting', (service) =>
  expect(load(linksOf(service))).toMatchObject({ httpPort: 8080, demo: true }),
)

test.for([
  { PRIMOSYNC_PORT: '8080' },
  { PRIMOSYNC_SERVICE_HOST: 'somewhere' },
  { HTTP_PORT: 'http://10.0.0.1' },
  { SYNC_SCHEDUL: '* * * * *' },
])('%o is refused all the same', (env) =>
  expect(() => load(env)).toThrow(expect.objectContaining({ exitCode: 2 })),
)

test('quotes, carriage returns and byte order marks of a file of variables are no part of a value', () => {
  const { accounts } = load({ '\uFEFFPRIMOTEXTO_API_KEY': '"abc"\r', PRIMOTEXTO_CATEGORIES: '"a,b c"\r' })
  expect(accounts[0]).toMatchObject({ categories: ['a', 'b c'] })
  expect(accounts[0]!.apiKey()).toBe('abc')
  for (const [text, categories] of [
    [`'a','b'`, ['a', 'b']],
    ['"a", b', ['a', 'b']],
    ['l"x,y', ['l"x', 'y']],
  ] as const)
    expect(load({ PRIMOTEXTO_API_KEY: 'k', PRIMOTEXTO_CATEGORIES: text }).accounts[0]!.categories).toEqual(
      categories,
    )
  expect(load({ HTTP_PORT: "'0'", LOG_LEVEL: ' "warn"' })).toMatchObject({ httpPort: 0, logLevel: 'warn' })
  expect(load({ HTTP_PORT: '""' }).httpPort).toBe(8080)
})

test.for([
  [{ PRIMOTEXTO_API_KEY: '"abc' }, 'PRIMOTEXTO_API_KEY'],
  [{ PRIMOTEXTO_API_KEY: 'Bearer abc' }, 'such as Bearer'],
  [{ PRIMOTEXTO_API_KEY: 'a\nb' }, 'without spaces'],
  [{ PRIMOTEXTO_API_KEY: 'k', PRIMOTEXTO_CATEGORIES: '"a,b' }, 'a quote at its end: "\\"a"'],
] as const)('%o is refused', ([env, said]) => expect(() => load(env)).toThrow(said))
