import { describe, expect, test } from 'vitest'
import { extraTotals } from '../../src/counters/extra.ts'
import { exactInteger } from '../../src/counters/integer.ts'

describe('exactInteger judges the digits, not the rounded double', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['-0.0e5', 0],
    ['0e999999999999', 0],
    ['925', 925],
    ['007', 7],
    ['925.0', 925],
    ['9.25e2', 925],
    ['9.25E+2', 925],
    ['92500e-2', 925],
    [`1${'0'.repeat(500_000)}e-500000`, 1],
    [`${'0'.repeat(500_000)}7`, 7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740991.000', 9007199254740991],
    ['9007199254740991.4', null],
    ['9007199254740992', null],
    ['9007199254740993', null],
    ['1.5', null],
    ['1e-1', null],
    ['-1', null],
    ['-1e-400', null],
    ['1e400', null],
    ['1e999999999999999999999', null],
    ['1e-999999999999999999999', null],
    [`1${'0'.repeat(500_000)}1`, null],
  ])('%.40s', (source, expected) => {
    expect(exactInteger(source)).toBe(expected)
  })
})

describe('extraTotals', () => {
  test.each([
    [null, null],
    ['{"note":"4","half":0.5,"list":[1],"nested":{"a":1},"on":true,"less":-1,"big":9007199254740993}', null],
    ['{"optouts":4,"score":4.0,"power":4e0,"huge":1e400}', { optouts: 4, score: 4, power: 4 }],
    ['{"__proto__":5,"constructor":8}', { ['__proto__']: 5, constructor: 8 }],
  ])('%s', (extra, expected) => {
    const totals = extraTotals(extra)
    expect(totals && Object.entries(totals)).toEqual(expected && Object.entries(expected))
    if (totals) expect(Object.getPrototypeOf(totals)).toBe(null)
  })
})
