// The options --from, --to, --since and --last: texts that are checked when they are given, and read once the reporting
// time zone is known.

import { InvalidArgumentError } from 'commander'
import { UsageError } from '../errors.ts'
import { askedTime, LAST_ALLOWED, lastOf, TIME_ALLOWED } from '../read/asked-time.ts'
import type { Edge } from '../read/trends.ts'
import { zonedTime } from './times.ts'

const ANY_DAY = '2026-01-01'

export function timeArgument(text: string): string {
  if (askedTime(text, ANY_DAY) === null) throw new InvalidArgumentError(`Allowed: ${TIME_ALLOWED}.`)
  return text
}

export function lastArgument(text: string): string {
  if (lastOf(text, { now: new Date(0), today: ANY_DAY }) === null)
    throw new InvalidArgumentError(`Allowed: ${LAST_ALLOWED}.`)
  return text
}

export interface AskedRange {
  readonly from?: string
  readonly to?: string
  readonly last?: string
}

/** The edges that were asked for. Throws a UsageError for --last beside --from or --to. */
export function edgesOf(
  { from, to, last }: AskedRange,
  timezone: string,
  now: Date,
): { from: Edge | undefined; to: Edge | undefined } {
  const { date: today } = zonedTime(now, timezone)
  if (last !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new UsageError(
        '--last says where a range begins and ends, so --from and --to have no place beside it.',
        {
          hint: 'Leave out --last, or --from and --to.',
        },
      )
    return lastOf(last, { now, today })!
  }
  const edge = (text: string | undefined, side: 'first' | 'last') => {
    const time = text === undefined ? undefined : askedTime(text, today)!
    return time === undefined || time instanceof Date ? time : time[side]
  }
  return { from: edge(from, 'first'), to: edge(to, 'last') }
}
