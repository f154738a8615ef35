import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { readStats } from '../../src/counters/stats.ts'
import { decisionLine, snapshotLine } from '../../src/transfer/ndjson.ts'
import { entriesOf } from '../helpers/transfer.ts'

const AT = '2026-03-01T12:00:00Z'
const line = (stats: string, rest = '') => `{"category":"c","observed_at":"${AT}","stats":${stats}${rest}}`

test('a snapshot a line, in whatever pieces the file comes, with a byte order mark and blank lines', async () => {
  const file = `\ufeff{"account":"a","category":"Ünïcode ✉ 😀","observed_at":"2026-03-01T12:00:00.123456+01:00","stats":{"sent":925,"delivered":"872","timespent":12.50}}\r\n\n${line('{"sent":1}')}`
  const counters = COUNTERS.map((name) => ({ sent: 925, delivered: 872 })[name as string] ?? null)
  const entries = await entriesOf(file)
  expect(entries).toEqual([
    {
      line: 1,
      account: 'a',
      category: 'Ünïcode ✉ 😀',
      at: Date.parse('2026-03-01T11:00:00.123Z'),
      reading: { counters, timespent: '12.5', extra: null },
    },
    expect.objectContaining({ line: 3, account: 'default', category: 'c' }),
  ])
})

describe('lines that are refused, each with its reason', () => {
  for (const [text, reason] of [
    ['{"category":', 'not JSON'],
    ['7', 'not a JSON object'],
    [line('{"sent":5,"sent":7}'), 'the key "sent" is there twice'],
    [line('{"sent":5,"\\u0073ent" : 7}'), 'the key "sent" is there twice'],
    [line('{"sent":1}', ',"category":"d"'), 'the key "category" is there twice'],
    [line('{"sent":1,"a":{"b":[{"c":1,"c":2}]}}'), 'the key "c" is there twice'],
    ['"text"', 'not a JSON object'],
    [`{"observed_at":"${AT}","stats":{"sent":1}}`, 'category is missing'],
    [`{"category":"","observed_at":"${AT}","stats":{"sent":1}}`, 'category is empty'],
    [`{"category":7,"observed_at":"${AT}","stats":{"sent":1}}`, 'category is not a string'],
    [
      `{"category":"a\\u0000b","observed_at":"${AT}","stats":{"sent":1}}`,
      'category contains a NUL character',
    ],
    [`{"category":"\\ud800","observed_at":"${AT}","stats":{"sent":1}}`, 'category is not valid Unicode'],
    [
      `{"category":"${'x'.repeat(256)}","observed_at":"${AT}","stats":{"sent":1}}`,
      'category has 256 characters',
    ],
    [`{"account":"","category":"c","observed_at":"${AT}","stats":{"sent":1}}`, 'account is empty'],
    ['{"category":"c","stats":{"sent":1}}', 'observed_at is missing'],
    ['{"category":"c","observed_at":1772366400,"stats":{"sent":1}}', 'observed_at is not a string'],
    ['{"category":"c","observed_at":"2026-03-01T12:00:00","stats":{"sent":1}}', 'observed_at has no offset'],
    [`{"category":"c","observed_at":"${AT}"}`, 'stats are missing'],
    [line('{"sent":1}', ',"acount":"x"'), 'the field "acount" is unknown'],
    [line('{}'), 'stats: no value for any of the 12 counters'],
    [line('[]'), 'stats: not a JSON object'],
    [line('{"sent":-1}'), 'stats: sent is -1'],
    [line('{"sent":9007199254740992}'), 'stats: sent is 9007199254740992'],
    // a double would take it for 1
    [line('{"sent":1.0000000000000000001}'), 'stats: sent is 1.0000000000000000001'],
    [line('{"sent":1}', ',"decision":{}'), 'contains both stats and a decision'],
    [
      `{"category":"c","observed_at":"${AT}","decision":{"as":"reset","by":"x","at":"${AT}"}}`,
      'decision why',
    ],
    [
      `{"category":"c","observed_at":"${AT}","decision":{"as":"spike","by":"x","at":"${AT}","why":"y"}}`,
      'decision as',
    ],
    [
      `{"category":"c","observed_at":"${AT}","decision":{"as":"dip","by":"x","at":"2026","why":"y"}}`,
      'decision at',
    ],
  ] as const) {
    test(reason, async () => {
      const entries = await entriesOf(`${line('{"sent":1}')}\n${text}\n${line('{"sent":2}')}`, 'ndjson')
      expect(entries[1]).toEqual({ line: 2, reason: expect.stringContaining(reason) })
      expect(entries).toHaveLength(3)
      expect(entries[2]).toHaveProperty('reading')
    })
  }

  test('a line that is not UTF-8', async () => {
    const file = Buffer.concat([
      Buffer.from(`${line('{"sent":1}')}\n{"category":"\xe9"}\n`, 'latin1'),
      Buffer.from(line('{"sent":2}')),
    ])
    const entries = await entriesOf(file)
    expect(entries[1]).toEqual({ line: 2, reason: expect.stringContaining('the line is not UTF-8') })
    expect(entries).toHaveLength(3)
  })

  test('a line that never ends', async () => {
    const file = `${line('{"sent":1}')}\n"${'x'.repeat(3 * 1024 * 1024)}"\n${line('{"sent":2}')}`
    const entries = await entriesOf(file, null, 64 * 1024)
    expect(entries[1]).toEqual({ line: 2, reason: 'the line is longer than 1 MiB' })
    expect(entries).toHaveLength(3)
  })
})

/** Spellings of numbers, exact doubles and others, and things that are no numbers. */
const spelling = fc.oneof(
  fc.nat().map(String),
  fc.maxSafeNat().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/),
  fc.stringMatching(/^"\d{0,17}"$/),
  fc.constantFrom('null', '-0', '0.0', '-0.0', '"x"', '{}', '[1e3]', 'true', '{"a":1.50}'),
)
const field = fc.tuple(fc.constantFrom(...COUNTERS.slice(0, 4), 'timespent', 'other', '__proto__'), spelling)

const fields = fc.uniqueArray(field, { maxLength: 5, selector: ([name]) => name })

test('the short cut for usual lines reads what the exact way reads', async () => {
  await fc.assert(
    fc.asyncProperty(fields, async (fields) => {
      const stats = `{${fields.map(([name, value]) => `"${name}":${value}`).join(',')}}`
      const [entry] = await entriesOf(line(stats), 'ndjson', 4096)
      const exact = readStats(stats)
      if ('reason' in exact) expect(entry).toEqual({ line: 1, reason: `stats: ${exact.reason}` })
      else expect(entry).toHaveProperty('reading', exact.reading)
    }),
    { numRuns: 2_000 },
  )
})

test('what is written is read back as it was', async () => {
  const counters = COUNTERS.map((_, i) => (i === 3 ? null : Number.MAX_SAFE_INTEGER - i))
  const extra = '{"note": "quote \\" and 😀", "exact": 1.50, "nested": {"sent": [1e400, null]}}'
  const snapshot = { at: Date.parse('2026-03-01T12:00:00.007Z'), counters, timespent: '0.1', extra }
  const decision = { as: 'dip', by: 'Zoé "Z"', at: '2026-03-01T12:00:00.123456Z', why: 'two\nlines' } as const
  const file = [snapshotLine('a', 'c "1"', snapshot), decisionLine('a', 'c "1"', snapshot.at, decision)].join(
    '\n',
  )
  const key = { account: 'a', category: 'c "1"', at: snapshot.at }
  expect(await entriesOf(file)).toEqual([
    { line: 1, ...key, reading: { counters, timespent: '0.1', extra: expect.any(String) } },
    { line: 2, ...key, decision },
  ])
  const [entry] = await entriesOf(file)
  expect(entry).toHaveProperty('reading.extra', expect.stringContaining('"exact":1.50'))
})

test('a key written with escapes is read as exactly as any other', async () => {
  const file = `{"category":"c","observed_at":"${AT}","\\u0073tats":{"sent":4.00000000000000000000001,"timespent":1.00000000000000000001}}`
  const [entry] = await entriesOf(file)
  expect(entry).toEqual({ line: 1, reason: expect.stringContaining('sent') })
})

test('names that look like keys, and equal keys of different objects, are no keys twice', async () => {
  const file = `{"category":"a\\":\\"sent\\":","observed_at":"${AT}","stats":{"sent":1,"x":[{"a":"a","b":":"},{"a":"\\":"}]}}`
  expect(await entriesOf(file)).toEqual([expect.objectContaining({ category: 'a":"sent":' })])
})
