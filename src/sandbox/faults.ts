// The faults that `--faults` injects, and which requests they hit.

import { UsageError } from '../errors.ts'
import { chance, seedFor } from './random.ts'

/**
 * What can go wrong with a request: status 500 or 503, status 429 with Retry-After, no answer at all (`timeout`), a
 * body that is cut off, a body that is not JSON, an error in the body under status 200.
 */
export const FAULTS = ['500', '503', '429', 'timeout', 'cut', 'garbage', 'error200'] as const

export type Fault = (typeof FAULTS)[number]

/** The share (0 … 1) of requests that each fault hits. */
export type FaultRates = ReadonlyMap<Fault, number>

export const NO_FAULTS: FaultRates = new Map()

/**
 * Reads rates such as `500=0.02,timeout=0.005`. `all=0.01` sets every fault to that rate, and later entries override
 * earlier ones. Throws a UsageError for anything else, and if the rates add up to more than 1.
 */
export function parseFaults(text: string): FaultRates {
  const rates = new Map<Fault, number>()
  for (const part of text.split(',').filter((part) => part.trim() !== '')) {
    const [name, rateText, ...rest] = part.split('=').map((word) => word.trim())
    const names = FAULTS.filter((fault) => name === 'all' || name === fault)
    const rate = /^\d*\.?\d+$/.test(rateText ?? '') ? Number(rateText) : Number.NaN
    if (names.length === 0 || rest.length > 0 || !(rate <= 1)) throw wrongFaults(part)
    for (const fault of names) rates.set(fault, rate)
  }
  // 1e-9 allows for rounding: ten times 0.1 is not exactly 1.
  if ([...rates.values()].reduce((sum, rate) => sum + rate, 0) > 1 + 1e-9) throw wrongFaults(text)
  return rates
}

function wrongFaults(text: string): UsageError {
  return new UsageError(`The value "${text.trim()}" of --faults is not valid.`, {
    hint: `Write NAME=RATE, separated by commas, such as 500=0.02,timeout=0.005. A name is ${FAULTS.join(', ')}, or all for each of them. A rate is from 0 to 1, and all rates together are at most 1.`,
  })
}

/** Returns a function that chooses the fault of the n-th request, null for none. Depends only on rates and seed. */
export function faultChooser(rates: FaultRates, seed: number): (request: number) => Fault | null {
  const faultSeed = seedFor(seed, 'faults')
  const entries = [...rates]
  return (request) => {
    let left = chance(faultSeed, request)
    for (const [fault, rate] of entries) {
      if (left < rate) return fault
      left -= rate
    }
    return null
  }
}
