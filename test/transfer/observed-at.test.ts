import { describe, expect, test } from 'vitest'
import { readInstant } from '../../src/transfer/observed-at.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')

describe('instants that are read', () => {
  for (const [what, text, expected] of [
    ['UTC', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z'],
    ['an offset', '2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
    ['an offset to the west, over midnight', '2026-03-01T22:30:00-05:30', '2026-03-02T04:00:00.000Z'],
    ['an offset without a colon', '2026-03-01T12:00:00+0200', '2026-03-01T10:00:00.000Z'],
    ['an offset of hours, as psql prints it', '2026-03-01 12:00:00.5+00', '2026-03-01T12:00:00.500Z'],
    ['a space', '2026-03-01 12:00:00Z', '2026-03-01T12:00:00.000Z'],
    ['small letters', '2026-03-01t12:00:00z', '2026-03-01T12:00:00.000Z'],
    ['no seconds', '2026-03-01T12:00Z', '2026-03-01T12:00:00.000Z'],
    ['a decimal comma', '2026-03-01T12:00:00,25Z', '2026-03-01T12:00:00.250Z'],
    ['microseconds, cut and not rounded', '2026-03-01T12:00:00.123999Z', '2026-03-01T12:00:00.123Z'],
    ['nanoseconds at the end of a year', '2025-12-31T23:59:59.999999999Z', '2025-12-31T23:59:59.999Z'],
    ['a leap day', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['the first instant there is', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['now', '2026-06-01T00:00:00Z', '2026-06-01T00:00:00.000Z'],
    ['now, and what is cut off', '2026-06-01T00:00:00.0009Z', '2026-06-01T00:00:00.000Z'],
  ] as const) {
    test(`${what}: ${text}`, () => {
      expect(readInstant(text, NOW)).toBe(Date.parse(expected))
    })
  }
})

describe('instants that are refused', () => {
  for (const [text, reason] of [
    ['2026-03-01T12:00:00', 'has no offset'],
    ['2026-03-01 12:00', 'has no offset'],
    ['2026-03-01', 'is not an instant'],
    ['1772366400', 'is not an instant'],
    ['yesterday', 'is not an instant'],
    ['', 'is not an instant'],
    ['2026-03-01T12:00:00Z ', 'is not an instant'],
    ['2026-03-01T12:00:00 Europe/Paris', 'is not an instant'],
    ['+02026-03-01T12:00:00Z', 'is not an instant'],
    ['2026-02-30T12:00:00Z', 'is a date that does not exist'],
    ['2025-02-29T12:00:00Z', 'is a date that does not exist'],
    ['1900-02-29T12:00:00Z', 'is a date that does not exist'],
    ['2026-13-01T12:00:00Z', 'is a date that does not exist'],
    ['2026-00-01T12:00:00Z', 'is a date that does not exist'],
    ['2026-04-00T12:00:00Z', 'is a date that does not exist'],
    ['2026-03-01T24:00:00Z', 'is a time that does not exist'],
    ['2026-03-01T12:60:00Z', 'is a time that does not exist'],
    ['2016-12-31T23:59:60Z', 'is a time that does not exist'], // a leap second
    ['2026-03-01T12:00:00+24:00', 'has an offset that does not exist'],
    ['2026-03-01T12:00:00+01:60', 'has an offset that does not exist'],
    ['1969-12-31T23:59:59.999Z', 'is before 1970'],
    ['1970-01-01T00:00:00+01:00', 'is before 1970'],
    ['0001-01-01T00:00:00Z', 'is before 1970'],
    ['0070-01-01T00:00:00Z', 'is before 1970'],
    ['2026-06-01T00:00:00.001Z', 'is in the future'],
    ['2026-05-31T23:59:59-00:01', 'is in the future'],
  ] as const) {
    test(`${JSON.stringify(text)} ${reason}`, () => {
      expect(readInstant(text, NOW)).toEqual({ reason: expect.stringContaining(reason) })
    })
  }
})
