import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { COUNTERS, type Reading } from '../../src/counters/names.ts'
import { readStats } from '../../src/counters/stats.ts'
import { readAnswer } from '../../src/primotexto/answer.ts'

interface Case {
  status?: number
  body: string
  snapshot?: Record<string, unknown>
  rejected?: true
  error?: string
  stored_somehow?: string
}

function readingFrom(body: string): Reading {
  const answer = readAnswer(body, 200, false)
  if (answer.kind !== 'reading') throw new Error(`no reading: ${JSON.stringify(answer)}`)
  return answer.reading
}

/** As in the worked cases: what is null is not there, numbers as doubles. */
function plain({ counters, timespent, extra }: Reading): Record<string, unknown> {
  const known = COUNTERS.flatMap((name, index) => (counters[index] === null ? [] : [[name, counters[index]]]))
  return {
    ...Object.fromEntries(known),
    ...(timespent === null ? {} : { timespent: Number(timespent) }),
    ...(extra === null ? {} : { extra: JSON.parse(extra) }),
  }
}

describe.each(['validation', 'validation-by-status'])('worked cases: %s', (file) => {
  const { cases } = JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8'))
  test.each(cases as Case[])('$status $body', ({ status = 200, body, snapshot, rejected, error }) => {
    const answer = readAnswer(body, status, false)
    if (answer.kind === 'reading') {
      if (snapshot) expect(plain(answer.reading)).toStrictEqual(snapshot)
      else expect([rejected, error]).toEqual([undefined, undefined])
    } else if (answer.kind === 'rejected') {
      expect([rejected, answer.body]).toEqual([true, body])
    } else {
      expect(answer.class).toBe(error)
    }
  })
})

describe('status without a known code', () => {
  test.each([
    [204, '', 'server'],
    [301, '', 'request'],
    [304, '{"sent":1}', 'request'],
    [400, '{"sent":1}', 'request'],
    [401, '{"code":4711}', 'request'],
    [404, '{"code":4711}', 'request'],
    [408, '', 'server'],
    [429, '{"code":4711}', 'request'],
    [502, '<html>', 'server'],
    [599, '[]', 'server'],
  ])('%i %s is %s', (status, body, expected) => {
    expect(readAnswer(body, status, false)).toMatchObject({ kind: 'error', class: expected })
  })
})

/** All codes that the provider's partners know, by what they mean for a question. */
const CLASSES = {
  authentication: [70, 72, 92, 93],
  account: [71],
  throttled: [76],
  category: [16, 40, 45, 46, 47],
  server: [94, 1000],
} as const
const OTHER_CODES = [
  10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 30, 31, 32, 41, 42, 43, 44, 48, 60, 61, 62, 73, 74, 75,
  90, 91, 95, 120, 121, 4711,
]
const STATUSES = [200, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503]

describe.each(STATUSES)('every code with status %i', (status) => {
  const classOf = (code: number) => readAnswer(JSON.stringify({ code, message: 'x' }), status, false)

  test.each(Object.entries(CLASSES))('%s, whatever the status', (expected, codes) => {
    for (const code of codes) expect(classOf(code)).toMatchObject({ class: expected, apiCode: code })
  })

  test('others say something about this question alone', () => {
    const expected = status < 500 ? 'request' : 'server'
    for (const code of OTHER_CODES) expect(classOf(code)).toMatchObject({ class: expected, apiCode: code })
  })

  test('"no message" of a category that never had one is twelve zeros', () => {
    const body = '{"code":16,"message":"No message for this query"}'
    expect(readAnswer(body, status, true)).toEqual({
      kind: 'reading',
      reading: { counters: COUNTERS.map(() => 0), timespent: null, extra: null },
    })
  })
})

describe('codes', () => {
  test.each([
    ['{"code":72.0,"message":"no"}', { kind: 'error', class: 'authentication', apiCode: 72 }],
    ['{"code":"72"}', { kind: 'error', class: 'authentication', apiCode: 72, message: 'HTTP 200, code 72' }],
    ['{"code":-5}', { kind: 'error', class: 'request', apiCode: null }],
    ['{"code":4294967296}', { kind: 'error', class: 'request', apiCode: null }],
    ['{"code":72,"sent":null}', { kind: 'error', class: 'authentication' }],
    ['{"code":72,"sent":"many"}', { kind: 'rejected' }],
    ['{"code":null}', { kind: 'rejected' }],
    ['{"code":"many"}', { kind: 'rejected' }],
  ])('%s', (body, expected) => {
    expect(readAnswer(body, 200, false)).toMatchObject(expected)
  })

  test('a message becomes one short, storable line', () => {
    const message = `first\r\n\u001b[31msecond\u0000 \ud800${'x'.repeat(1000)}`
    const answer = readAnswer(JSON.stringify({ code: 45, message }), 400, false)
    expect(answer).toMatchObject({
      message: expect.stringMatching(/^HTTP 400, code 45: first \[31msecond {2}\ufffdx+$/),
    })
    expect(answer.kind === 'error' && answer.message.length).toBeLessThan(230)
  })
})

test('a reason names each field at fault, and its value', () => {
  expect(readAnswer('{"sent":1,"clicks":-1,"opens":"1\\u0000","timespent":[1]}', 200, false)).toMatchObject({
    reason:
      'clicks is -1, not an integer from 0 to 9007199254740991; ' +
      'opens is "1\\u0000", not an integer from 0 to 9007199254740991; ' +
      'timespent is [1], not a JSON number of 0 or more',
  })
})

describe('timespent is kept exactly, as a plain decimal', () => {
  test.each([
    ['18', '18'],
    ['-0', '0'],
    ['0.000', '0'],
    ['1.50', '1.5'],
    ['12.5e1', '125'],
    ['0.1e-2', '0.001'],
    ['0.10000000000000000000000000000000000001', '0.10000000000000000000000000000000000001'],
    ['9007199254740993', '9007199254740993'],
    ['1e308', `1${'0'.repeat(308)}`],
    ['1e-400', `0.${'0'.repeat(399)}1`],
    ['1e-16383', `0.${'0'.repeat(16_382)}1`],
    ['1e-16384', '0'],
    ['25e-16384', `0.${'0'.repeat(16_382)}2`],
    ['1e-999999999999999999', '0'],
    [`0.${'3'.repeat(1_000_000)}`, `0.${'3'.repeat(16_383)}`],
    ['1e309', null],
    ['-1e-400', null],
    ['"18"', null],
    ['{"rawJSON":"1"}', null],
  ])('%.50s', (source, expected) => {
    const stats = readStats(`{"sent":1,"timespent":${source}}`)
    expect('reading' in stats ? stats.reading.timespent : null).toBe(expected)
  })
})

describe('extra is what jsonb takes', () => {
  test.each([
    ['"a":null', null],
    ['"a":{"b":null}', '{"a":{"b":null}}'],
    ['"a":1.50,"b":9007199254740993,"c":1e400,"d":-0', '{"a":1.50,"b":9007199254740993,"c":1e400,"d":-0}'],
    ['"a":"x\\u0000y\\ud800","b":"😀"', '{"a":"x\ufffdy\ufffd","b":"😀"}'],
    ['"k\\u0000":{"\\udc00":1}', '{"k\ufffd":{"\ufffd":1}}'],
    [
      '"a":1e131071,"b":1e131072,"c":1e-16383,"d":1e-16384',
      '{"a":1e131071,"b":"1e131072","c":1e-16383,"d":"1e-16384"}',
    ],
    ['"a":[1e999999]', '{"a":["1e999999"]}'],
    [
      '"__proto__":{"sent":9},"constructor":8,"toString":1',
      '{"__proto__":{"sent":9},"constructor":8,"toString":1}',
    ],
    ['"a":1,"a":2', '{"a":2}'],
    ['"toJSON":"x","rawJSON":"1"', '{"toJSON":"x","rawJSON":"1"}'],
  ])('%s', (fields, expected) => {
    expect(readingFrom(`{"sent":1,${fields}}`).extra).toBe(expected)
    expect(Object.hasOwn(Object.prototype, 'sent')).toBe(false)
  })

  test('what is nested deeper than 512 gives way to a marker, brackets in strings do not count', () => {
    const marker = '"[nested deeper than 512]"'
    const nested = (depth: number, core: string) => '['.repeat(depth) + core + ']'.repeat(depth)
    const text = `"]}[{\\"${'['.repeat(600)}"`
    expect(readingFrom(`{"sent":1,"a":${nested(511, text)}}`).extra).toBe(`{"a":${nested(511, text)}}`)
    expect(readingFrom(`{"sent":1,"a":${nested(512, '1')}}`).extra).toBe(`{"a":${nested(511, marker)}}`)
    expect(readingFrom(`{"sent":1,"a":${nested(500_000, text)},"b":[2]}`).extra).toBe(
      `{"a":${nested(511, marker)},"b":[2]}`,
    )
  })
})

describe('bodies made to break a parser', () => {
  test.each([
    ['a mebibyte of brackets', '['.repeat(2 ** 20), 'error'],
    ['a mebibyte of objects', '{"a":'.repeat(2 ** 18), 'error'],
    ['deep but whole', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'rejected'],
    ['an endless string', `{"sent":"${'1'.repeat(2 ** 20)}"}`, 'rejected'],
    ['an unfinished string', `{"sent":1,"a":"\\`, 'error'],
    ['two byte order marks', '\ufeff\ufeff{"sent":1}', 'error'],
  ])('%s', (_what, body, kind) => {
    expect(readAnswer(body, 200, false).kind).toBe(kind)
  })
})

describe('the body of a rejected answer', () => {
  function keptBody(body: string): string {
    const answer = readAnswer(body, 200, false)
    return answer.kind === 'rejected' ? answer.body : ''
  }

  test('is cut at 64 KiB of UTF-8, between characters', () => {
    const room = 65_536 - 1 // the opening quote
    expect(keptBody(`"${'x'.repeat(70_000)}"`)).toBe(`"${'x'.repeat(room)}`)
    expect(keptBody(`"${'é'.repeat(70_000)}"`)).toBe(`"${'é'.repeat(Math.floor(room / 2))}`)
    expect(keptBody(`"${'😀'.repeat(70_000)}"`)).toBe(`"${'😀'.repeat(Math.floor(room / 4))}`)
  })

  test('holds no character that PostgreSQL refuses', () => {
    expect(keptBody('"\ud800"')).toBe('"\ufffd"')
    expect(readAnswer('\0', 200, false).kind).toBe('error')
  })
})

describe('readStats', () => {
  test.each([
    ['{"sent":"7","code":72}', { reading: { extra: '{"code":72}', timespent: null } }],
    ['{"code":72}', { reason: 'no value for any of the 12 counters' }],
    ['[]', { reason: 'not a JSON object' }],
    ['7', { reason: 'not a JSON object' }],
    ['{"sent":1', { reason: 'not JSON' }],
    ['', { reason: 'not JSON' }],
  ])('%s', (text, expected) => {
    expect(readStats(text)).toMatchObject(expected)
  })
})
