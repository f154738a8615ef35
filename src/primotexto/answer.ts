// Reads an answer of the provider: its status and body become a reading, a rejection or an error (contract, section 2).
// Pure. The codes are those that the provider documents; every unknown answer has a class, too.

import { isDigits, isRecord, numberSource, parseExact, storable } from '../counters/exact-json.ts'
import { exactInteger } from '../counters/integer.ts'
import { keptBody } from '../counters/kept-body.ts'
import { COUNTERS, type Reading } from '../counters/names.ts'
import { CATEGORY_STATS, type StatsReader } from '../counters/stats.ts'

/** Why a category has no reading. The class decides what the user should do, and whether a retry can succeed. */
export const ERROR_CLASSES = [
  'authentication',
  'account',
  'throttled',
  'request',
  'category',
  'server',
  'network',
] as const
export type ErrorClass = (typeof ERROR_CLASSES)[number]

export type Answer =
  | { readonly kind: 'reading'; readonly reading: Reading }
  /** JSON that breaks the rules. `body` is its start, at most 64 KiB of UTF-8, without what PostgreSQL cannot store. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly body: string }
  | {
      readonly kind: 'error'
      readonly class: ErrorClass
      /** The code in the body, if it is a whole number that an SQL integer can hold. */
      readonly apiCode: number | null
      /** One line, e.g. `HTTP 200, code 72: Authentication failed`. */
      readonly message: string
    }

/** No message for this query: of a category that never had one, an answer as good as zeros. */
const NO_MESSAGE = 16

/** A code that is not in this list says something about this one question. */
const CLASS_OF_CODE: ReadonlyMap<number, ErrorClass> = new Map([
  [NO_MESSAGE, 'category'],
  [70, 'authentication'], // API access disabled
  [72, 'authentication'], // authentication failed
  [92, 'authentication'], // account blocked
  [93, 'authentication'], // user not found
  [71, 'account'], // insufficient credits
  [76, 'throttled'], // quota exceeded
  [40, 'category'], // invalid name of a campaign
  [45, 'category'], // invalid tag
  [46, 'category'], // the tag exists already
  [47, 'category'], // campaign not found
  [94, 'server'], // the user's information cannot be read
  [1000, 'server'], // unknown error
])

const CLASS_OF_STATUS: ReadonlyMap<number, ErrorClass> = new Map([
  [401, 'authentication'],
  [403, 'authentication'],
  [408, 'server'],
  [429, 'throttled'],
])

const NOTHING_SENT: Reading = { counters: COUNTERS.map(() => 0), timespent: null, extra: null }

const KEPT_MESSAGE_LENGTH = 200
const MAX_SQL_INTEGER = 2 ** 31 - 1

/**
 * Reads one answer: its HTTP status and its body as text (a byte order mark is allowed). `isEmpty`: the category never
 * had a value above 0, so "no message" is read as twelve zeros. `reader`: of what the question was about. Never throws.
 */
export function readAnswer(
  body: string,
  status: number,
  isEmpty: boolean,
  reader: StatsReader = CATEGORY_STATS,
): Answer {
  const value = parseExact(body.startsWith('\ufeff') ? body.slice(1) : body)
  const record = isRecord(value) ? value : {}
  const hasCode = numberSource(record.code) !== null || isDigits(record.code)
  const isSuccess = status >= 200 && status < 300

  if (isSuccess && value !== undefined && (!hasCode || reader.hasValue(record))) {
    const stats = reader.statsOf(value)
    if ('reading' in stats) return { kind: 'reading', reading: stats.reading }
    return { kind: 'rejected', reason: stats.reason, body: keptBody(body) }
  }
  const apiCode = hasCode ? codeOf(record.code) : null
  if (apiCode === NO_MESSAGE && isEmpty) return { kind: 'reading', reading: NOTHING_SENT }
  return {
    kind: 'error',
    class: hasCode ? classOfCode(apiCode, status) : isSuccess ? 'server' : classOfStatus(status),
    apiCode,
    message: messageOf(status, apiCode, value === undefined && isSuccess ? 'not JSON' : record.message),
  }
}

/** Returns `text` as one line that is safe in a log, on a terminal and in PostgreSQL. */
export function oneLine(text: string): string {
  return storable(text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim())
}

function codeOf(value: unknown): number | null {
  const code = exactInteger(numberSource(value) ?? String(value))
  return code !== null && code <= MAX_SQL_INTEGER ? code : null
}

function classOfCode(code: number | null, status: number): ErrorClass {
  const known = code === null ? undefined : CLASS_OF_CODE.get(code)
  return known ?? (status < 500 ? 'request' : 'server')
}

function classOfStatus(status: number): ErrorClass {
  const known = CLASS_OF_STATUS.get(status)
  if (known !== undefined) return known
  return status >= 300 && status < 500 ? 'request' : 'server'
}

function messageOf(status: number, apiCode: number | null, detail: unknown): string {
  const what = apiCode === null ? `HTTP ${status}` : `HTTP ${status}, code ${apiCode}`
  return typeof detail === 'string' && detail !== ''
    ? `${what}: ${oneLine(detail.slice(0, KEPT_MESSAGE_LENGTH))}`
    : what
}
