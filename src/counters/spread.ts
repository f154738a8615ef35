// Deltas to trends: spreads each change evenly over the time between its two snapshots and cuts it at
// the edges of hours and days (contract, section 4). Pure; instants in epoch milliseconds.
import type { Calendar, Span } from './calendar.ts'
import { COUNTERS, type Snapshot } from './names.ts'
import type { Delta } from './step.ts'
import type { Walked } from './walk.ts'

/** The growth of one category within an hour or a day. */
export interface Bucket extends Span {
  /** Counts gained, by counter; null where no known change reaches into the bucket. */
  readonly growth: readonly (bigint | null)[]
  /** How many snapshots lie in it, dips included. */
  readonly snapshots: number
  /** The longest interval between two snapshots that reaches into it; null if none does. */
  readonly widestGapMs: number | null
  /** The last known gauge among its snapshots, dips left out. */
  readonly timespent: string | null
}

export interface Trends {
  readonly hours: readonly Bucket[]
  readonly days: readonly Bucket[]
}

type OpenBucket = { -readonly [K in keyof Bucket]: Bucket[K] } & { growth: (bigint | null)[] }

/**
 * Counts gained by `at` of a change of `delta` in (start, end]: linear, half away from zero, exact.
 * Contract, section 4; milliseconds give the same quotient as microseconds.
 */
export function gainedBy(at: number, start: number, end: number, delta: number): bigint {
  if (at <= start) return 0n
  if (at >= end) return BigInt(delta)
  const elapsed = BigInt(end - start)
  const twice = 2n * BigInt(delta) * BigInt(at - start)
  // Division cuts toward zero, so half a step with the sign of the value rounds half away from it.
  return (twice + (twice < 0n ? -elapsed : elapsed)) / (2n * elapsed)
}

/** Collects walked snapshots in ascending order into the buckets that they reach into. */
export class Spread {
  readonly #hours: Buckets
  readonly #days: Buckets

  /** `open`: the last hour and day, where a part of the series was spread before. */
  constructor(calendar: Calendar, open: { hour: Bucket; day: Bucket } | null = null) {
    this.#hours = new Buckets((at) => calendar.hourAt(at), open?.hour ?? null)
    this.#days = new Buckets((at) => calendar.dayAt(at), open?.day ?? null)
  }

  add(walked: Walked): void {
    this.#hours.reach(walked.snapshot.at)
    this.#days.reach(walked.snapshot.at)
    const { delta, snapshot } = walked
    if (delta !== null && delta.kind !== 'dip' && delta.previousAt !== null)
      this.#grow(delta.previousAt, snapshot.at, delta)
    this.#hours.count(snapshot, delta)
    this.#days.count(snapshot, delta)
  }

  /** Takes out the buckets that nothing later can change: those that end by `at`, where the walk stands. */
  takeClosed(at: number): Trends {
    return { hours: this.#hours.takeClosed(at), days: this.#days.takeClosed(at) }
  }

  /** Takes out all but the last hour and day: the end of the series. */
  takeAllButLast(): Trends {
    return this.takeClosed(Number.POSITIVE_INFINITY)
  }

  /** How many hours are not closed yet. */
  get size(): number {
    return this.#hours.size
  }

  /** The last hour and day, still open; call it after at least one snapshot, with all others taken out. */
  open(): { hour: Bucket; day: Bucket } {
    return { hour: copyOf(this.#hours.last), day: copyOf(this.#days.last) }
  }

  #grow(start: number, end: number, { counters }: Delta): void {
    const days = this.#days.between(start, end)
    let inDays = 0
    const before = counters.map(() => 0n) // what was gained by the start of the hour
    for (const hour of this.#hours.between(start, end)) {
      if (hour.start >= days[inDays]!.end) inDays += 1
      const day = days[inDays]!
      hour.widestGapMs = Math.max(hour.widestGapMs ?? 0, end - start)
      day.widestGapMs = Math.max(day.widestGapMs ?? 0, end - start)
      for (let i = 0; i < counters.length; i++) {
        const delta = counters[i]!
        if (delta === null) continue
        const gained = delta === 0 ? 0n : gainedBy(hour.end, start, end, delta)
        const part = gained - before[i]!
        before[i] = gained
        hour.growth[i] = (hour.growth[i] ?? 0n) + part
        day.growth[i] = (day.growth[i] ?? 0n) + part
      }
    }
  }
}

/** The buckets of one grain that are not closed yet, without a hole between them. */
class Buckets {
  readonly #spanAt: (at: number) => Span
  #buckets: OpenBucket[]

  constructor(spanAt: (at: number) => Span, open: Bucket | null) {
    this.#spanAt = spanAt
    this.#buckets = open ? [{ ...open, growth: [...open.growth] }] : []
  }

  get size(): number {
    return this.#buckets.length
  }

  get last(): OpenBucket {
    return this.#buckets.at(-1)!
  }

  /** Adds buckets up to the one that holds `at`. */
  reach(at: number): void {
    if (this.#buckets.length === 0) this.#buckets.push(emptyBucket(this.#spanAt(at)))
    while (at >= this.last.end) this.#buckets.push(emptyBucket(this.#spanAt(this.last.end)))
  }

  count(snapshot: Snapshot, delta: Delta | null): void {
    const bucket = this.last
    bucket.snapshots += 1
    if (snapshot.timespent !== null && delta?.kind !== 'dip') bucket.timespent = snapshot.timespent
  }

  /** Those that share more than an instant with (start, end]; the last bucket is the one that holds `end`. */
  between(start: number, end: number): OpenBucket[] {
    let from = this.#buckets.length - 1
    while (from > 0 && this.#buckets[from - 1]!.end > start) from -= 1
    const found = this.#buckets.slice(from)
    if (this.last.start === end) found.pop()
    return found
  }

  takeClosed(at: number): Bucket[] {
    const kept = this.#buckets.findIndex((bucket) => bucket.end > at)
    return this.#buckets.splice(
      0,
      kept === -1 ? this.#buckets.length - 1 : Math.min(kept, this.#buckets.length - 1),
    )
  }
}

function copyOf(bucket: Bucket): Bucket {
  return { ...bucket, growth: [...bucket.growth] }
}

function emptyBucket(span: Span): OpenBucket {
  return { ...span, growth: COUNTERS.map(() => null), snapshots: 0, widestGapMs: null, timespent: null }
}
