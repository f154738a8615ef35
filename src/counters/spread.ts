// From deltas to trends: each change is spread evenly over the time between its two snapshots, and cut at the edges of
// hours and days (contract, section 4). Pure; instants in epoch milliseconds.
import type { Calendar, Span } from './calendar.ts'
import { COUNTERS, type Snapshot } from './names.ts'
import type { Delta } from './step.ts'
import type { Walked } from './walk.ts'

/** The growth of one category within an hour or a day. */
export interface Bucket extends Span {
  /** Counts gained, by counter; null if no known change overlaps the bucket. */
  readonly growth: readonly (bigint | null)[]
  /** How many snapshots it contains, including dips. */
  readonly snapshots: number
  /** How many of their deltas are corrections, and how many are resets; decided ones included. */
  readonly corrections: number
  readonly resets: number
  /** The longest interval between two snapshots that overlaps it; null if there is none. */
  readonly widestGapMs: number | null
  /** The last known `timespent` of its snapshots, not counting dips. */
  readonly timespent: string | null
}

export interface Trends {
  readonly hours: readonly Bucket[]
  readonly days: readonly Bucket[]
}

type OpenBucket = { -readonly [K in keyof Bucket]: Bucket[K] } & { growth: (bigint | null)[] }

/**
 * Returns how much of a change of `delta` within (start, end] is gained by `at`: linear, computed exactly, rounded half
 * away from zero (contract, section 4). Milliseconds have the same quotient as the microseconds of the contract.
 */
export function gainedBy(at: number, start: number, end: number, delta: number): bigint {
  if (at <= start) return 0n
  if (at >= end) return BigInt(delta)
  const elapsed = BigInt(end - start)
  const twice = 2n * BigInt(delta) * BigInt(at - start)
  // Division truncates, so adding half a unit with the sign of the value rounds half away from zero.
  return (twice + (twice < 0n ? -elapsed : elapsed)) / (2n * elapsed)
}

/** Adds walked snapshots, in ascending order, to the buckets that they overlap. */
export class Spread {
  readonly #hours: Buckets
  readonly #days: Buckets

  /** `open`: the last hour and day of the part of the series that was spread before; null at its start. */
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

  /** Removes and returns the buckets that no later snapshot can change: those that end by `at`, where the walk is. */
  takeClosed(at: number): Trends {
    return { hours: this.#hours.takeClosed(at), days: this.#days.takeClosed(at) }
  }

  /** Removes and returns all buckets but the last hour and day. For the end of the series. */
  takeAllButLast(): Trends {
    return this.takeClosed(Number.POSITIVE_INFINITY)
  }

  /** How many hours were not taken yet. */
  get size(): number {
    return this.#hours.size
  }

  /** Copies of the last hour and day, which are still open. Call it after at least one snapshot. */
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

/** The buckets of one grain that were not taken yet, without holes between them. */
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

  /** Adds buckets up to the one that contains `at`. */
  reach(at: number): void {
    if (this.#buckets.length === 0) this.#buckets.push(emptyBucket(this.#spanAt(at)))
    while (at >= this.last.end) this.#buckets.push(emptyBucket(this.#spanAt(this.last.end)))
  }

  count(snapshot: Snapshot, delta: Delta | null): void {
    const bucket = this.last
    bucket.snapshots += 1
    if (delta?.kind === 'correction') bucket.corrections += 1
    if (delta?.kind === 'reset') bucket.resets += 1
    if (snapshot.timespent !== null && delta?.kind !== 'dip') bucket.timespent = snapshot.timespent
  }

  /** The buckets that overlap (start, end] by more than an instant. The last bucket must contain `end`. */
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
  return {
    ...span,
    growth: COUNTERS.map(() => null),
    snapshots: 0,
    corrections: 0,
    resets: 0,
    widestGapMs: null,
    timespent: null,
  }
}
