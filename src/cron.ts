// Cron lines: what they may hold, and when they are due. node-cron reads and checks the fields; croner computes the
// instants, as node-cron's stand still while clocks go back, and take the two fields of the day as "and" always.
import { Cron } from 'croner'
import { validateDetailed } from 'node-cron'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How many values each field has, and what it is called. */
const FIELDS = [
  { name: 'second', size: 60 },
  { name: 'minute', size: 60 },
  { name: 'hour', size: 24 },
  { name: 'day of the month', size: 31 },
  { name: 'month', size: 12 },
  { name: 'day of the week', size: 7 },
] as const

/** The instants of a cron line in a time zone, in epoch milliseconds, whole seconds. */
export interface Instants {
  /** The first one after `at`; null: none within the time that is looked at (centuries). */
  after(at: number): number | null
  /** The last one before `at`; null: none. */
  before(at: number): number | null
}

/**
 * Returns the instants of a line that `checkCron` accepts, by the rules of crontab(5): a wildcard or a step in the time of day goes on
 * by elapsed time where an hour comes twice, and a fixed time is due once; a fixed time that a clock change leaves out is
 * due right after it. Day of the month and day of the week mean either, unless one of them begins with `*`: then both.
 */
export function instantsOf(line: string, timezone: string): Instants {
  const fields = fieldsOf(line)
  const [day, weekday] = [fields.at(-3)!, fields.at(-1)!]
  const options = {
    paused: true,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    domAndDow: day.startsWith('*') || weekday.startsWith('*'),
  } as const
  const cron = new Cron(fields.join(' '), { ...options, timezone })
  const after = (at: number) => cron.nextRun(new Date(at))?.getTime() ?? null
  const before = (at: number) => cron.previousRuns(1, new Date(at))[0]?.getTime() ?? null
  if (fields.slice(0, -3).some((field) => /[*/]/.test(field))) return { after, before }
  const byWallClock = new Cron(fields.join(' '), { ...options, timezone: 'UTC' })
  const local = localTimeIn(timezone)
  return {
    after(at) {
      const next = after(at)
      // croner leaves out a time that does not exist if its day ends, too, where clocks go on.
      const wanted = byWallClock.nextRun(new Date(local(at)))?.getTime() ?? null
      if (next === null || wanted === null || local(next) <= wanted) return next
      const found = firstAt(wanted, local)
      return local(found) > wanted && found > at && found < next ? found : next
    },
    before,
  }
}

/** Returns the function from an instant to what the wall clock shows then, as if that were UTC (epoch milliseconds). */
function localTimeIn(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
  return (at) => {
    const offset = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(format.format(at))
    if (offset === null) return at
    const [, sign, hours, minutes, seconds = 0] = offset
    const ms = Number(hours) * HOUR_MS + Number(minutes) * 60_000 + Number(seconds) * 1_000
    return sign === '-' ? at - ms : at + ms
  }
}

/** The first second, to be found within a day of it, at which the wall clock shows `wanted` or a later time. */
function firstAt(wanted: number, local: (at: number) => number): number {
  let [low, high] = [wanted - DAY_MS, wanted + DAY_MS]
  while (high - low > 1_000) {
    const middle = low + Math.floor((high - low) / 2_000) * 1_000
    if (local(middle) < wanted) low = middle
    else high = middle
  }
  return high
}

/** Throws an Error with the reason if a line cannot be scheduled, or is never due. Nicknames (`@hourly`) are refused. */
export function checkCron(line: string): void {
  const fields = fieldsOf(line)
  if (fields.length !== 5 && fields.length !== 6) throw new Error(`it has ${fields.length} fields`)
  const kinds = FIELDS.slice(-fields.length)
  for (const [i, field] of fields.entries()) {
    const { name, size } = kinds[i]!
    // A longer step means the first value only, and that is never what was meant by it.
    const step = Number(/\/(\d+)/.exec(field)?.[1] ?? 1)
    if (step > size) throw new Error(`a step of the ${name} is longer than ${size}`)
  }
  const { valid, errors } = validateDetailed(line)
  if (!valid)
    throw new Error(errors.map(({ message }) => message.replace(' a invalid', ' an invalid')).join('; '))
  let first: number | null
  try {
    first = instantsOf(line, 'UTC').after(Date.UTC(2000))
  } catch (error) {
    throw new Error((error as Error).message.replace(/^CronPattern: /, ''))
  }
  if (first === null) throw new Error('no day ever matches it')
}

/** `?` stands for any day in lines that come from Quartz; a range that runs over the end of its field becomes two. */
function fieldsOf(line: string): string[] {
  const fields = line.trim().split(/ +/)
  const kinds = FIELDS.slice(-fields.length)
  return fields.map((field, i) => (field === '?' ? '*' : unwrapped(field, kinds[i]?.size ?? 0)))
}

/** Turns `22-2` of the hours into `22-23,0-2`. */
function unwrapped(field: string, size: number): string {
  const lowest = size === 31 || size === 12 ? 1 : 0
  return field.replace(/(?<=^|,)(\d+)-(\d+)(?=,|$)/g, (range, from, to) =>
    Number(from) <= Number(to) || (size === 7 && to === '7')
      ? range
      : `${from}-${lowest + size - 1},${lowest}-${to}`,
  )
}

const PROBED_TICKS = 200
const PROBED_HOURS = 8 * 24
const PROBED_DAYS = 62
const PROBED_MONTHS = 12

/**
 * The longest time between two instants after `from` (epoch milliseconds), in milliseconds: among the next 200, around
 * each hour of the next eight days, each day of the next two months, and twelve times in a year.
 */
export function longestPauseMs(line: string, timezone: string, from = Date.now()): number {
  const instants = instantsOf(line, timezone)
  let longest = 0
  let last = instants.after(from)
  for (let i = 0; i < PROBED_TICKS && last !== null; i++) {
    const next = instants.after(last)
    if (next !== null) longest = Math.max(longest, next - last)
    last = next
  }
  const start = instants.after(from) ?? from
  const probes = [
    ...Array.from({ length: PROBED_HOURS }, (_, i) => start + i * HOUR_MS),
    ...Array.from({ length: PROBED_DAYS }, (_, i) => start + i * DAY_MS),
    ...Array.from({ length: PROBED_MONTHS }, (_, i) => start + i * 30 * DAY_MS),
  ]
  let until = start
  for (const at of probes.sort((a, b) => a - b)) {
    if (at < until) continue // within the pause before
    const before = instants.before(at + 1)
    const after = instants.after(at)
    if (before === null || after === null) continue
    longest = Math.max(longest, after - before)
    until = after
  }
  return longest
}
