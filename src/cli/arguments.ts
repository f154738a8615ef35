// Texts of the command line → values, for commander's `option(flags, description, parser)`.

import { InvalidArgumentError } from 'commander'
import { readDurationMs, wholeNumber } from '../config/readers.ts'

/** A parser made from a reader of settings; `allowed` completes "Allowed: …". */
export function argument<Value>(allowed: string, read: (text: string) => Value | undefined) {
  return (text: string): Value => {
    const value = read(text)
    if (value === undefined) throw new InvalidArgumentError(`Allowed: ${allowed}.`)
    return value
  }
}

export const portArgument = argument('a port from 0 (any free one) to 65535', wholeNumber(0, 65_535))

/** Milliseconds. */
export const durationArgument = argument('a duration such as 50 ms or 2 s', (text) =>
  text === '0' ? 0 : readDurationMs(text),
)
