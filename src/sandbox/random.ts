// Random numbers without state: the same arguments return the same number, in every process and after every restart.

const SPAN = 2 ** 32

/** Returns a seed for one purpose, so that two purposes do not draw the same numbers. */
export function seedFor(seed: number, purpose: string): number {
  let hash = 0x811c9dc5 // FNV-1a
  for (const character of `${seed}:${purpose}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  }
  return hash | 0
}

/** Returns a number in [0, 1) for the `index`-th draw of a seed (murmur3's finalizer). */
export function chance(seed: number, index: number): number {
  let hash = seed ^ Math.imul(index | 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / SPAN
}

/** Returns a number in [low, high) for the `index`-th draw of a seed. */
export function between(low: number, high: number, seed: number, index: number): number {
  return low + (high - low) * chance(seed, index)
}
