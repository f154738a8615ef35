// Clock and statistics. The machine is never quiet: rivals take turns, and medians are compared.

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Runs the rivals in turns, each `rounds` times, and gives the median milliseconds of each. */
export async function race<Name extends string>(
  rounds: number,
  rivals: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(rivals) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, so that nobody always pays for the one before.
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]!
      times[name].push(await rivals[name]())
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>
}

export function ms(value: number): string {
  return value < 10
    ? `${value.toFixed(1)} ms`
    : value < 10_000
      ? `${Math.round(value)} ms`
      : `${(value / 1000).toFixed(1)} s`
}
