// What `--faults` may say, and whom the faults befall.

import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { FAULTS, faultChooser, NO_FAULTS, parseFaults } from '../../src/sandbox/faults.ts'

describe('parseFaults', () => {
  test.each([
    ['', {}],
    ['500=0.02', { '500': 0.02 }],
    [' 500 = .5 , timeout=0 ', { '500': 0.5, timeout: 0 }],
    ['garbage=1', { garbage: 1 }],
    ['all=0.1', Object.fromEntries(FAULTS.map((fault) => [fault, 0.1]))],
    ['all=0.1,timeout=0', { ...Object.fromEntries(FAULTS.map((fault) => [fault, 0.1])), timeout: 0 }],
  ])('reads %j', (text, rates) => {
    expect(Object.fromEntries(parseFaults(text))).toEqual(rates)
  })

  test.each([
    '500',
    '500=',
    '=0.1',
    '404=0.1',
    'ALL=0.1',
    '500=1.5',
    '500=-0.1',
    '500=NaN',
    '500=1e-2',
    '500=2%',
    '500=0.1=0.2',
    '500=0.6,429=0.6',
    'all=0.2',
    '__proto__=0.1',
  ])('refuses %j, naming what is allowed', (text) => {
    const refusal = (() => {
      try {
        parseFaults(text)
      } catch (error) {
        return error
      }
    })()
    expect(refusal).toBeInstanceOf(UsageError)
    expect((refusal as UsageError).message).toContain(text)
    for (const name of [...FAULTS, 'all']) expect((refusal as UsageError).hint).toContain(name)
  })
})

describe('faultChooser', () => {
  const requests = Array.from({ length: 20_000 }, (_, request) => request)

  test('keeps to the rates', () => {
    const rates = parseFaults('500=0.1,429=0.02,cut=0.3')
    const befallen = requests.map(faultChooser(rates, 3))
    for (const fault of FAULTS) {
      const share = befallen.filter((name) => name === fault).length / requests.length
      expect(Math.abs(share - (rates.get(fault) ?? 0)), fault).toBeLessThan(0.01)
    }
  })

  test('chooses the same for the same seed, something else for another', () => {
    const rates = parseFaults('all=0.1')
    const befallen = (seed: number) => requests.slice(0, 500).map(faultChooser(rates, seed))
    expect(befallen(3)).toEqual(befallen(3))
    expect(befallen(3)).not.toEqual(befallen(4))
  })

  test('chooses always at rate 1 and never without rates', () => {
    expect(new Set(requests.map(faultChooser(parseFaults('cut=1'), 3)))).toEqual(new Set(['cut']))
    expect(new Set(requests.map(faultChooser(NO_FAULTS, 3)))).toEqual(new Set([null]))
  })
})
