// Random choices from a seed: the same seed deals the same faults in the same order.
import { chance, seedFor } from '../../src/sandbox/random.ts'

export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** True with the probability `part` (0 … 1). */
  happens(part: number): boolean
  pick<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

/** Makes dice. Different purposes draw different numbers from one seed. */
export function throwDice(seed: number, purpose: string): Dice {
  const own = seedFor(seed, purpose)
  let draws = 0
  const next = () => chance(own, draws++)
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    between,
    happens: (part) => next() < part,
    pick: (list) => list[between(0, list.length - 1)]!,
    shuffled: (list) =>
      list
        .map((value) => ({ value, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ value }) => value),
  }
}
