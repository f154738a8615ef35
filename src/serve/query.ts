// Query strings: the same parameters for pages and API. A wrong value is refused with what is allowed.
import { z } from 'zod'
import { daysBefore, GRAINS, type Grain, USUAL_SECONDS } from '../counters/grains.ts'
import { PrimosyncError } from '../errors.ts'
import { askedTime, DAYS_ALLOWED, DAYS_SHAPE, lastDays } from '../read/asked-time.ts'
import { SORTS, type Sort } from '../read/categories.ts'
import type { CategoryKey } from '../read/category-keys.ts'
import { METRICS } from '../read/metrics.ts'

/** A wrong query string: HTTP status 400. */
export class QueryError extends PrimosyncError {
  override name = 'QueryError'
}

/** All values of each parameter: one may be given several times. */
export type RawQuery = Readonly<Record<string, string[]>>

/** The parameters that hold several values; of any other the last one counts. */
const LISTS = ['metrics', 'c']

/**
 * The query string by a schema. An empty value counts as not given, as forms send all their fields; `keepsEmpty`: not so.
 * Throws a QueryError that names what is wrong and what is allowed.
 */
export function readQuery<S extends z.ZodObject>(
  schema: S,
  raw: RawQuery,
  { keepsEmpty = false }: { keepsEmpty?: boolean } = {},
): z.output<S> {
  const given = Object.entries(raw).flatMap(([name, values]) => {
    const filled = values.filter((value) => keepsEmpty || value !== '')
    if (!(name in schema.shape) || filled.length === 0) return []
    return [[name, LISTS.includes(name) ? filled : filled.at(-1)]]
  })
  const parsed = schema.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`)
  throw new QueryError(`The query string of this address is wrong: ${problems.join('; ')}.`, {
    hint: 'Correct the address, or start again from the overview.',
  })
}

const choice = <const T extends string>(values: readonly T[]) =>
  z.enum(values, { error: `one of ${values.join(', ')}` })

const text = z
  .string({ error: 'must be given' })
  .regex(/^[^\u0000]{0,255}$/u, { error: 'at most 255 characters, without NUL' })
const whole = (least: number, most: number) => {
  const error = `a whole number from ${least} to ${most}`
  return z
    .string({ error })
    .regex(/^-?\d{1,15}$/, { error })
    .transform(Number)
    .pipe(
      z
        .int({ error })
        .min(least, { error: `at least ${least}` })
        .max(most, { error: `at most ${most}` }),
    )
    .meta({ type: 'integer', minimum: least, maximum: most })
}

const date = z
  .string()
  .regex(DAYS_SHAPE, { error: `allowed is ${DAYS_ALLOWED}` })
  .refine((text) => askedTime(text, '2026-01-01') !== null, { error: 'a date of the calendar' })
  .optional()

const last = z
  .string()
  .regex(/^ *[1-9]\d{0,3} *(d|days?|w|weeks?|months?|y|years?) *$/i, {
    error: 'allowed is a time such as 30d, 4 weeks, 6 months or 1 year',
  })
  .optional()

export const wholeNumber = (least: number, most: number, otherwise: number) =>
  whole(least, most).default(otherwise)
/** Of a row in a list: only what is older. */
export const before = whole(1, 2 ** 31 - 1).optional()
export const categoryName = text
export const accountName = text
export const flag = z.enum(['yes'], { error: 'yes, or nothing' }).optional()
export const metric = choice(METRICS).default('sent')

const METRIC_LIST = new RegExp(`^(${METRICS.join('|')})(,(${METRICS.join('|')}))*$`)

/** Also several in one, with commas between them. */
export const metrics = z
  .array(z.string().regex(METRIC_LIST, { error: `one of ${METRICS.join(', ')}` }))
  .default(['sent', 'delivered'])
  .transform((list) => [...new Set(list.flatMap((part) => part.split(',')))])
  .pipe(z.array(choice(METRICS)))

export const range = { by: choice(GRAINS).default('day'), from: date, to: date, last }

export const categoryFilter = {
  q: text.default(''),
  account: text.optional(),
  state: choice(['active', 'paused', 'removed', 'stale']).optional(),
  sort: choice(SORTS).default('name'),
  order: choice(['asc', 'desc']).optional(),
}

/** The order that was asked for; by default ascending for names, descending for figures. */
export const orderOf = ({ sort, order }: { sort: Sort; order?: 'asc' | 'desc' | undefined }) =>
  order ?? (sort === 'name' ? 'asc' : 'desc')

const MOST_KEYS = 20
const KEY = 'account/category, such as default/codes'

/** `account/category`; a slash or a percent sign within the account is percent-encoded. */
const keyTexts = z.array(z.string().regex(/^[^/\u0000]+\/[^\u0000]+$/, { error: KEY }), {
  error: `from 1 to ${MOST_KEYS} categories as account/category must be given`,
})
const keysOf = (list: readonly string[]) => [...new Set(list)].map(keyFrom)
export const categoryKeys = keyTexts.default([]).transform(keysOf)
/** At least one. */
export const someCategoryKeys = keyTexts.min(1).max(MOST_KEYS).transform(keysOf)

function keyFrom(text: string): CategoryKey {
  const slash = text.indexOf('/')
  const account = text.slice(0, slash).replaceAll('%2F', '/').replaceAll('%25', '%')
  return { account, category: text.slice(slash + 1) }
}

export const keyText = ({ account, category }: CategoryKey) =>
  `${account.replaceAll('%', '%25').replaceAll('/', '%2F')}/${category}`

const USUAL_DAYS: Readonly<Record<Grain, number>> = { hour: 7, day: 90, week: 365, month: 3 * 365 }
export const MOST_BUCKETS = 3000

/** Whole days of the reporting zone, both included. */
export interface DayRange {
  readonly by: Grain
  readonly from: string
  readonly to: string
}

interface AskedDays {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly last?: string | undefined
}

/** The days that were asked for. Throws a QueryError for `last` beside `from` or `to`. */
function daysOf({ from, to, last }: AskedDays, today: string): Omit<AskedDays, 'last'> {
  if (last === undefined) return { from: dayOf(from, 'first', today), to: dayOf(to, 'last', today) }
  if (from !== undefined || to !== undefined)
    throw new QueryError('last: it has no place beside from and to.', { hint: 'Leave out one or the other.' })
  return lastDays(last, today) ?? {}
}

function dayOf(text: string | undefined, side: 'first' | 'last', today: string): string | undefined {
  const time = text === undefined ? null : askedTime(text, today)
  return time === null || time instanceof Date ? undefined : time[side]
}

/** The range that was asked for, or the usual one for these buckets, up to today. */
export function rangeOf(query: { by: Grain } & AskedDays, today: string): DayRange {
  const asked = daysOf(query, today)
  const to = asked.to ?? today
  const from = asked.from ?? daysBefore(to, USUAL_DAYS[query.by] - 1)
  if (from > to) {
    throw new QueryError(`The range ends (${to}) before it begins (${from}).`, {
      hint: 'Exchange the two dates.',
    })
  }
  const buckets = (Date.parse(to) - Date.parse(from)) / 1000 / USUAL_SECONDS[query.by]
  if (buckets > MOST_BUCKETS) {
    throw new QueryError(
      `From ${from} to ${to} there are about ${Math.round(buckets)} ${query.by}s; at most ${MOST_BUCKETS} are shown.`,
      { hint: 'Choose a shorter range, or look at it by day, week or month.' },
    )
  }
  return { by: query.by, from, to }
}

/** A query string, in the order given; what is undefined or empty is left out. */
export function queryString(
  parameters: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(parameters)) {
    const values = Array.isArray(value) ? value : [value]
    for (const text of values) if (text !== undefined && text !== '') search.append(key, String(text))
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** As rangeOf, but never wrong: a range that is too long begins later, and one that ends before it begins holds nothing. */
export function rangeWithin(
  query: { by: Grain; from?: string | undefined; to?: string | undefined },
  today: string,
): DayRange {
  const to = query.to ?? today
  const from = query.from ?? daysBefore(to, USUAL_DAYS[query.by] - 1)
  const earliest = daysBefore(to, Math.floor((MOST_BUCKETS * USUAL_SECONDS[query.by]) / 86_400) - 1)
  return { by: query.by, from: [from, earliest].toSorted().at(-1)!, to }
}
