import { expect, test } from 'vitest'
import { describeDatabase, passwordsOf } from '../../src/config/database-url.ts'

for (const [url, where] of [
  [null, 'embedded database'],
  ['postgres://me:hunter22@db.example:6543/sms', 'database "sms" on db.example:6543'],
  ['postgres://me:hunter22@db.example', 'database "me" on db.example:5432'],
  ['postgresql:///sms?host=/run&port=5433', 'database "sms" in /run'],
  ['postgres://me@/sms?host=db&password=hunter22', 'database "sms" on db:5432'],
  ['postgres://%2Frun/sms', 'database "sms" in /run'],
  ['socket:/run?db=sms', 'database "sms" in /run'],
  ['/run sms', 'database "sms" in /run'],
  ['postgres://me:x@h1:1,h2/sms', 'database "sms" on h1:1 or on h2:5432'],
] as const) {
  test(`where ${url} is`, () => expect(describeDatabase(url)).toBe(where))
}

for (const [url, passwords] of [
  ['postgres://me:p%40ss@db/sms', ['p%40ss', 'p@ss']],
  ['postgres://me@db/sms?password=hunter22', ['hunter22']],
  ['postgres://postgres:postgres@db/sms', []], // no secret, and hiding it would hide the user's name
  ['postgres://db/sms', []],
  ['/run sms', []],
] as const) {
  test(`the passwords in ${url}`, () => expect([...new Set(passwordsOf(url))]).toEqual(passwords))
}
