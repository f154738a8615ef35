// The instants of a cron line: around every change of every clock in ten years, against a slow reference that goes
// through all minutes, and the rules of crontab(5) for days.
import { expect, test } from 'vitest'
import { instantsOf, longestPauseMs } from '../../src/cron.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const FROM = Date.UTC(2020)
const UNTIL = Date.UTC(2030)

/** The offset of a zone from UTC at an instant, in milliseconds. */
function offsetIn(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
  return (at) => {
    const [, sign, hours, minutes = '0', seconds = '0'] =
      /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/.exec(format.format(at)) ?? []
    if (sign === undefined) return 0
    return (
      (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * 1000)
    )
  }
}

interface Change {
  readonly timezone: string
  readonly at: number
  readonly before: number
  readonly after: number
}

function changesOf(timezone: string, offset: (at: number) => number): Change[] {
  const changes: Change[] = []
  let [at, before] = [FROM, offset(FROM)]
  for (let next = at + 20 * DAY; next < UNTIL; next += 20 * DAY) {
    const after = offset(next)
    if (after !== before) {
      let [low, high] = [at, next]
      while (high - low > MINUTE) {
        const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE
        if (offset(middle) === before) low = middle
        else high = middle
      }
      changes.push({ timezone, at: high, before, after })
    }
    at = next
    before = after
  }
  return changes
}

/** One zone for all that change alike. */
function allChanges(): Change[] {
  const seen = new Set<string>()
  return Intl.supportedValuesOf('timeZone').flatMap((timezone) => {
    const offset = offsetIn(timezone)
    const months = Array.from({ length: 120 }, (_, i) => offset(Date.UTC(2020, i, 15))).join()
    if (seen.has(months)) return []
    seen.add(months)
    return changesOf(timezone, offset)
  })
}

/** Lines with the sets that they stand for, and whether they go on by elapsed time. */
const every = (step: number) => (value: number) => value % step === 0
const LINES = [
  { line: '*/5 * * * *', minute: every(5), hour: () => true, isMoving: true },
  { line: '30 * * * *', minute: (m: number) => m === 30, hour: () => true, isMoving: true },
  { line: '0,30 */2 * * *', minute: every(30), hour: every(2), isMoving: true },
  { line: '*/20 0-4 * * *', minute: every(20), hour: (h: number) => h <= 4, isMoving: true },
  { line: '0-59/15 0,1,2,3 * * *', minute: every(15), hour: (h: number) => h <= 3, isMoving: true },
  {
    line: '15,45 0-23 * * *',
    minute: (m: number) => m === 15 || m === 45,
    hour: () => true,
    isMoving: false,
  },
  { line: '30 2 * * *', minute: (m: number) => m === 30, hour: (h: number) => h === 2, isMoving: false },
  {
    line: '0 0,1,3 * * *',
    minute: (m: number) => m === 0,
    hour: (h: number) => h < 4 && h !== 2,
    isMoving: false,
  },
  { line: '10 0 * * *', minute: (m: number) => m === 10, hour: (h: number) => h === 0, isMoving: false },
] as const

/** Goes through the minutes from `from` to `until`, around one change. */
function reference(
  { at, before, after }: Change,
  { minute, hour, isMoving }: (typeof LINES)[number],
  from: number,
  until: number,
): number[] {
  const isDue = (local: number) =>
    minute(Math.floor(local / MINUTE) % 60) && hour(Math.floor(local / HOUR) % 24)
  const due = new Set<number>()
  for (let now = from + MINUTE; now <= until; now += MINUTE) {
    const local = now + (now < at ? before : after)
    const isRepeated = now >= at && local < at + before
    if (isDue(local) && (isMoving || !isRepeated)) due.add(now)
  }
  for (let local = at + before; local < at + after && !isMoving; local += MINUTE)
    if (isDue(local)) due.add(at)
  return [...due].sort((a, b) => a - b)
}

test('are right around all changes of all zones in ten years', () => {
  const changes = allChanges()
  expect(changes.length).toBeGreaterThan(500)
  const wrong: string[] = []
  for (const [i, change] of changes.entries()) {
    const line = LINES[i % LINES.length]! // each meets every sort of change
    const [from, until] = [change.at - 2.5 * HOUR, change.at + 3.5 * HOUR]
    const instants = instantsOf(line.line, change.timezone)
    const due: number[] = []
    for (let at = instants.after(from); at !== null && at <= until; at = instants.after(at)) due.push(at)
    const right = reference(change, line, from, until)
    if (due.join() === right.join()) continue
    const list = (all: number[]) => all.map((at) => new Date(at).toISOString().slice(5, 16)).join(' ')
    wrong.push(`${line.line} in ${change.timezone}: ${list(due)} instead of ${list(right)}`)
  }
  expect(wrong).toEqual([])
})

const ticks = (line: string, timezone: string, from: string, count: number) => {
  const instants = instantsOf(line, timezone)
  const due: string[] = []
  let at: number | null = Date.parse(from)
  while (due.length < count) {
    at = instants.after(at!)
    due.push(new Date(at!).toISOString().slice(0, 16))
  }
  return due
}

test('a day that a zone skipped: a fixed time is due right after it', () => {
  expect(ticks('0 12 * * *', 'Pacific/Apia', '2011-12-29T23:00:00Z', 2)).toEqual([
    '2011-12-30T10:00',
    '2011-12-30T22:00',
  ])
})

test('by the second, too', () => {
  const instants = instantsOf('*/10 * * * * *', 'Europe/Paris')
  for (let at = Date.parse('2027-10-31T00:59:30Z'), i = 0; i < 12; i++, at += 10_000)
    expect(instants.after(at)).toBe(at + 10_000)
})

for (const [line, days] of [
  ['0 8 13 * 5', ['2026-11-13', '2026-11-20', '2026-11-27', '2026-12-04', '2026-12-11', '2026-12-13']],
  ['0 8 */10 * 5', ['2026-12-11', '2027-01-01', '2027-05-21', '2027-06-11']],
  ['0 8 1 * */2', ['2026-12-01', '2027-04-01', '2027-05-01', '2027-06-01', '2027-07-01']],
  ['0 8 * * 7', ['2026-11-08', '2026-11-15']],
  ['0 8 * * FRI-SUN', ['2026-11-08', '2026-11-13', '2026-11-14', '2026-11-15']],
  ['0 8 * * 6-1', ['2026-11-08', '2026-11-09', '2026-11-14']],
  ['0 8 L * ?', ['2026-11-30', '2026-12-31']],
  ['0 8 * * 5#2', ['2026-11-13', '2026-12-11']],
  ['0 8 * feb MON#1', ['2027-02-01', '2028-02-07']],
] as const) {
  test(`${line} is due as crontab(5) has it`, () => {
    const due = ticks(line, 'UTC', '2026-11-07T08:00:00Z', days.length)
    expect(due).toEqual(days.map((day) => `${day}T08:00`))
  })
}

for (const [line, hours] of [
  ['*/5 8-18 * * 1-5', 61 + 5 / 60 + 1], // over a weekend, and an hour more where clocks go back
  ['*/5 * 1 * *', 30 * 24 + 5 / 60],
  ['0 3 * * *', 25],
] as const) {
  test(`the longest pause of ${line} is ${hours} h`, () => {
    const pause = longestPauseMs(line, 'Europe/Paris', Date.parse('2027-10-25T00:00:00Z')) / HOUR
    expect(pause).toBeCloseTo(hours, 6)
  })
}
