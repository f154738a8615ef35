// What is read again of the bodies that sync.rejected keeps.
import { expect, test } from 'vitest'
import { keptBody, readKeptBody } from '../../src/counters/kept-body.ts'
import { CATEGORY_STATS } from '../../src/counters/stats.ts'

const long = (character: string) => `{"sent":1,"note":"${character.repeat(70_000)}"}`

test.each([
  ['with a byte order mark', '\ufeff{"sent":1}', { reading: expect.objectContaining({ extra: null }) }],
  ['that is wrong still', '{"sent":-1}', { reason: expect.stringContaining('sent is -1') }],
  ['that is no JSON', '{"sent":1', { reason: 'not JSON' }],
  ['that was cut', long('x'), { reason: 'only its first 64 KiB were kept' }],
  [
    'that was cut between characters of four bytes',
    long('🎉'),
    { reason: 'only its first 64 KiB were kept' },
  ],
])('a body %s', (_, body, expected) => {
  expect(readKeptBody(keptBody(body), CATEGORY_STATS)).toEqual(expected)
})
