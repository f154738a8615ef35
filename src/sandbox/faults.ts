// The faults that `--faults` injects, and which requests they hit.

import { UsageError } from '../errors.ts'
import { chance, seedFor } from './random.ts'

/**
 * What can go wrong with a request: a status 500 or 503, a 429 with Retry-After, no answer ever, a body
 * that is cut off, a body that is not JSON, an error body under status 200.
 */
export const FAULTS = ['500', '503', '429', 'timeout', 'cut', 'garbage', 'error200'] as const

export type Fault = (typeof FAULTS)[number]

/** The part (0 … 1) of the requests that each fault hits. */
export type FaultRates = ReadonlyMap<Fault, number>

export const NO_FAULTS: FaultRates = new Map()

/**
 * The rates in a text such as `500=0.02,timeout=0.005`; `all=0.01` sets every fault to that rate, and later entries
 * override earlier ones. Throws a UsageError for anything else, and if the rates add up to more than 1.
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
  // 1e-9: ten times 0.1 is not quite 1
  if ([...rates.values()].reduce((sum, rate) => sum + rate, 0) > 1 + 1e-9) throw wrongFaults(text)
  return rates
}

function wrongFaults(text: string): UsageError {
  return new UsageError(`--faults cannot be understood at "${text.trim()}"`, {
    hint: `Write NAME=RATE, separated by commas, e.g. 500=0.02,timeout=0.005. Names: ${FAULTS.join(', ')}, or all for each of them; a rate is 0 to 1, and together they are at most 1.`,
  })
}

/** Which fault, if any, hits the n-th request: the same for the same seed, at the given rates. */
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
