// A series and its decisions to deltas, in the order of time: the whole of the contract's section 3.
// Pure. `Walk` reads a series as a stream and holds back only what a dip may still change; `append`
// adds one snapshot at the end of a series that was walked before.
import { type DipCandidate, observe, suspectDip, wasLow } from './dip.ts'
import type { Snapshot } from './names.ts'
import { type Decision, type Delta, type Standing, step, withoutChange } from './step.ts'

/** A snapshot and its delta; null for the first snapshot of a series. */
export interface Walked<S extends Snapshot = Snapshot> {
  readonly snapshot: S
  readonly delta: Delta | null
}

/** What must be remembered of a series to go on at its end. */
export interface WalkState {
  readonly standing: Standing | null
  /** The falls that a later snapshot can still turn into dips. */
  readonly open: readonly DipCandidate[]
}

/**
 * Adds `snapshot`, later than all before and not decided, at the end of a series. Null where it ends a
 * dip: then the series must be walked anew from before `open`.
 */
export function append(
  state: WalkState,
  snapshot: Snapshot,
): { state: WalkState; delta: Delta | null } | null {
  const open: DipCandidate[] = []
  for (const candidate of state.open) {
    const { recovered, next } = observe(candidate, snapshot, undefined)
    if (recovered) return null
    if (next) open.push(next)
  }
  const suspected = suspectDip(state.standing, snapshot)
  if (suspected) open.push(suspected)
  const { standing, delta } = step(state.standing, snapshot, undefined)
  return { state: { standing, open }, delta }
}

/** Walks a series that is pushed snapshot by snapshot in ascending order; `end` returns what was held back. */
export class Walk<S extends Snapshot = Snapshot> {
  #standing: Standing | null
  readonly #decisions: ReadonlyMap<number, Decision>
  /** Not yet walked; more than one only while the first of them may start a dip. */
  #ahead: S[] = []
  /** The dip that may begin at the first of #ahead, and how many of #ahead it has been checked against. */
  #question: { candidate: DipCandidate; asked: number } | null = null
  #open: DipCandidate[] = []

  /** `decisions` by `observed_at` (epoch ms); `standing` where a part of the series was walked before. */
  constructor(decisions: ReadonlyMap<number, Decision>, standing: Standing | null = null) {
    this.#standing = standing
    this.#decisions = decisions
  }

  push(snapshot: S): Walked<S>[] {
    this.#ahead.push(snapshot)
    return this.#advance(false)
  }

  end(): { walked: Walked<S>[]; state: WalkState } {
    const walked = this.#advance(true)
    return { walked, state: { standing: this.#standing, open: this.#open } }
  }

  /** Where the walk stands after what `push` returned so far. */
  get standing(): Standing | null {
    return this.#standing
  }

  /** Whether snapshots are held back because they may turn out to be a dip. */
  get isWaiting(): boolean {
    return this.#ahead.length > 0
  }

  #advance(atEnd: boolean): Walked<S>[] {
    const walked: Walked<S>[] = []
    while (this.#ahead.length > 0) {
      const lowSnapshots = this.#recovery()
      if (lowSnapshots === 'open' && !atEnd) break
      if (typeof lowSnapshots === 'number') this.#skip(lowSnapshots, walked)
      else walked.push(this.#stepOn())
      this.#question = null
    }
    return walked
  }

  /** How many snapshots of #ahead are a dip: none, a number, or `open` where that is not yet known. */
  #recovery(): number | 'none' | 'open' {
    const first = this.#ahead[0]!
    if (this.#question === null) {
      const candidate = this.#decisions.has(first.at) ? null : suspectDip(this.#standing, first)
      if (candidate === null) return 'none'
      this.#question = { candidate, asked: 1 }
    }
    for (const question = this.#question; question.asked < this.#ahead.length; question.asked++) {
      const snapshot = this.#ahead[question.asked]!
      const { recovered, next } = observe(question.candidate, snapshot, this.#decisions.get(snapshot.at))
      if (recovered && this.#allLow(question.asked, recovered)) return question.asked
      if (next === null) return 'none'
      question.candidate = next
    }
    return 'open'
  }

  #allLow(count: number, recovered: DipCandidate): boolean {
    return this.#ahead
      .slice(0, count)
      .every((snapshot) => this.#decisions.get(snapshot.at) === 'dip' || wasLow(snapshot, recovered))
  }

  #skip(count: number, walked: Walked<S>[]): void {
    for (const snapshot of this.#ahead.splice(0, count)) {
      const delta = withoutChange('dip', this.#decisions.has(snapshot.at), this.#standing)
      walked.push({ snapshot, delta })
    }
  }

  #stepOn(): Walked<S> {
    if (this.#question) this.#keepOpen(this.#question)
    const snapshot = this.#ahead.shift()!
    const { standing, delta } = step(this.#standing, snapshot, this.#decisions.get(snapshot.at))
    this.#standing = standing
    return { snapshot, delta }
  }

  /** At the end of a series, an undecided fall stays a candidate for the snapshots to come. */
  #keepOpen({ candidate, asked }: { candidate: DipCandidate; asked: number }): void {
    if (asked === this.#ahead.length) this.#open.push(candidate)
  }
}
