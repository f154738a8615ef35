import { expect, test } from 'vitest'
import { scrub } from '../src/scrub.ts'

const SECRETS = ['k3y"x/y', 'postgres://me:hunter22@db/sms', 'hunter22', 'abc']

for (const [what, text, clean] of [
  ['a key', 'refused k3y"x/y twice: k3y"x/y', 'refused [secret] twice: [secret]'],
  ['its spelling in JSON', JSON.stringify({ key: 'k3y"x/y' }), '{"key":"[secret]"}'],
  ['its spelling in a URL', `?key=${encodeURIComponent('k3y"x/y')}`, '?key=[secret]'],
  ['a whole URL before the password in it', 'at postgres://me:hunter22@db/sms', 'at [secret]'],
  ['a password alone', 'password hunter22!', 'password [secret]!'],
  ['credentials nobody knew of', 'https://me:other@host/path', 'https://[secret]@host/path'],
  ['what is too short to be a secret stays', 'abc', 'abc'],
  ['an address stays', 'http://[::1]:8080/a@b', 'http://[::1]:8080/a@b'],
] as const) {
  test(`scrub: ${what}`, () => expect(scrub(text, SECRETS)).toBe(clean))
}
