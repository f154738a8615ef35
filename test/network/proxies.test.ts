import { describe, expect, test } from 'vitest'
import { readProxyUrl } from '../../src/config/proxy-url.ts'
import { NO_PROXIES, placeOf, proxyFor } from '../../src/network/proxies.ts'

const BOTH = { httpsProxy: 'http://secure:3128', httpProxy: 'http://plain:3128', noProxy: '' }

describe('which proxy', () => {
  test.each([
    ['https://api.example/v2', BOTH, 'secure:3128'],
    ['http://api.internal/v2', BOTH, 'plain:3128'],
    ['https://api.example/v2', { ...BOTH, httpsProxy: null }, null],
    ['http://api.internal/v2', { ...BOTH, httpProxy: null }, null],
    ['https://api.example/v2', NO_PROXIES, null],
    ['https://api.example/v2', { ...BOTH, httpsProxy: 'https://user:pw@secure' }, 'secure:443'],
  ])('%s with %j: %s', (target, proxies, expected) => {
    const proxy = proxyFor(target, proxies)
    expect(proxy && placeOf(proxy)).toBe(expected)
  })

  test.each<[noProxy: string, target: string, isDirect: boolean]>([
    ['*', 'https://api.example', true],
    ['none.invalid, *', 'https://api.example', true],
    ['*:80', 'https://api.example', false],
    ['api.example', 'https://api.example', true],
    ['API.Example.', 'https://api.example', true],
    ['example', 'https://api.example', true],
    ['.example', 'https://api.example', true],
    ['.example', 'https://example', true],
    ['*.example', 'https://api.example', true],
    ['*.example', 'https://example', false],
    ['ample', 'https://api.example', false],
    ['pi.example', 'https://api.example', false],
    ['api.example:443', 'https://api.example', true],
    ['api.example:80', 'https://api.example', false],
    ['api.example:8443', 'https://api.example:8443', true],
    ['a.example b.example\tapi.example', 'https://api.example', true],
    ['127.0.0.1', 'http://127.0.0.1:8080', true],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080', true],
    ['127.0.0.1:8081', 'http://127.0.0.1:8080', false],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/99', 'http://10.1.2.3', false],
    ['0.0.1', 'http://127.0.0.1', false],
    ['::1', 'http://[::1]:8080', true],
    ['[::1]:8080', 'http://[::1]:8080', true],
    ['[::1]:80', 'http://[::1]:8080', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['', 'https://api.example', false],
    [' , ', 'https://api.example', false],
  ])('NO_PROXY=%j, %s is asked directly: %s', (noProxy, target, isDirect) => {
    expect(proxyFor(target, { ...BOTH, noProxy }) === null).toBe(isDirect)
  })
})

test.each([
  ['http://proxy.example:3128', 'http://proxy.example:3128/'],
  ['proxy.example:3128', 'http://proxy.example:3128/'],
  ['user:pw@proxy.example:3128', 'http://user:pw@proxy.example:3128/'],
  ['https://user:p%40w@proxy.example/', 'https://user:p%40w@proxy.example/'],
  ['socks5://proxy.example', undefined],
  ['http://', undefined],
  ['http://proxy.example:99999', undefined],
  ['http://user:p@w@proxy.example', undefined],
  ['http://user:p/w@proxy.example', undefined],
  ['http://user:p#w@proxy.example', undefined],
  ['http://user:p?w@proxy.example', undefined],
  ['http://user:%zz@proxy.example', undefined],
])('the address of a proxy %s is read as %s', (text, expected) => {
  expect(readProxyUrl(text)).toBe(expected)
})
