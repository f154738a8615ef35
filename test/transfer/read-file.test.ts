// What people's files are like before a line of them can be read.
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { entriesOf } from '../helpers/transfer.ts'

const AT = '2026-03-01T10:00:00Z'
const CSV = `account,category,observed_at,sent\ndefault,é✉,${AT},5\n`
const NDJSON = `{"category":"é✉","observed_at":"${AT}","stats":{"sent":5}}\n`
const ENTRY = expect.objectContaining({ account: 'default', category: 'é✉', at: Date.parse(AT) })

const utf16 = (text: string) => Buffer.from(text, 'utf16le')

describe.each([
  ['CSV', CSV],
  ['NDJSON', NDJSON],
])('%s', (_what, text) => {
  test.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a byte order mark', utf16(`\ufeff${text}`)],
    ['UTF-16 without one', utf16(text)],
    ['UTF-16, the high byte first', utf16(`\ufeff${text}`).swap16()],
    ['gzip', gzipSync(text)],
    ['two gzip files in one', Buffer.concat([gzipSync(text.slice(0, 20)), gzipSync(text.slice(20))])],
    ['gzip of UTF-16', gzipSync(utf16(`\ufeff${text}`))],
    ['lines that end with CR LF', Buffer.from(text.replaceAll('\n', '\r\n'))],
  ])('%s', async (_how, file) => {
    for (const chunkBytes of [1, 7, 65_536]) expect(await entriesOf(file, null, chunkBytes)).toEqual([ENTRY])
  })
})

test.each([
  'Account,Category,Observed_At,Sent',
  'ACCOUNT;CATEGORY;OBSERVED AT;SENT',
  'sep=;\naccount;category;observed-at;sent',
  ' account\tcategory\tobservedAt\tsent ',
])('a header is read by its letters: %s', async (header) => {
  const delimiter = [',', ';', '\t'].find((each) => header.split('\n').at(-1)!.includes(each))!
  expect(await entriesOf(`${header}\n${['default', 'é✉', AT, '5'].join(delimiter)}\n`, 'csv')).toEqual([
    ENTRY,
  ])
})

test('a decimal comma between semicolons', async () => {
  const file = `category;observed_at;sent;timespent\né✉;${AT};5;12,5\n`
  expect(await entriesOf(file)).toEqual([
    expect.objectContaining({ reading: expect.objectContaining({ timespent: '12.5' }) }),
  ])
})

test('a line in another encoding is refused with what to do', async () => {
  const file = Buffer.from(`category,observed_at,sent\né,${AT},5\nb,${AT},6\n`, 'latin1')
  expect(await entriesOf(file)).toEqual([
    { line: 2, reason: expect.stringMatching(/^the line is not UTF-8: save the file as UTF-8/) },
    expect.objectContaining({ category: 'b' }),
  ])
})

test.each<[string, string | Buffer, RegExp]>([
  ['an array', `[\n ${NDJSON.trim()}\n]`, /JSON over several lines.*jq -c '\.\[\]'/],
  ['an array in a line', `[${NDJSON.trim()}]`, /JSON over several lines/],
  ['an object over several lines', '{\n"category": "a"\n}', /JSON over several lines.*jq -c '\.'/],
  ['nothing', '', /nothing in a file/],
  ['blank lines', '\n\n  \n', /nothing in a file/],
  ['a header alone', 'category,observed_at,sent\n', /nothing in a file/],
  ['a workbook', Buffer.from('PK\x03\x04 and so on'), /Excel workbook.*CSV UTF-8/],
  ['gzip that is cut off', gzipSync(NDJSON).subarray(0, 30), /damaged or incomplete/],
  ['gzip with a wrong byte', gzipSync(NDJSON).fill(0, 20, 24), /damaged or incomplete/],
])('%s is refused as a whole', async (_what, file, expected) => {
  const error = await entriesOf(file).then(
    () => null,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(UsageError)
  expect(`${error.message} ${error.hint}`).toMatch(expected)
})
