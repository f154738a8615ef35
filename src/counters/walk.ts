// From a series and its decisions to deltas, in the order of time: the whole of the contract's section 3. Pure.
// `Walk` reads a series as a stream and holds back only what a dip may still change. `append` adds one snapshot at the
// end of a series that was walked before.
import { type DipCandidate, observe, suspectDip, wasLow } from './dip.ts'
import type { Snapshot } from './names.ts'
import { type Decision, type Delta, type Standing, step, withoutChange } from './step.ts'

/** A snapshot and its delta; null for the first snapshot of a series. */
export interface Walked<S extends Snapshot = Snapshot> {
  readonly snapshot: S
  readonly delta: Delta | null
}

/** What must be stored of a series to continue at its end. */
export interface WalkState {
  readonly standing: Standing | null
  /** The falls that a later snapshot can still turn into dips. */
  readonly open: readonly DipCandidate[]
}

/**
 * Adds `snapshot` at the end of a series. It must be later than all others, and not decided. Returns null if it ends a
 * dip: then walk the series again from before `open`.
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
  /** Pushed, but not walked yet. More than one only while the first of them may begin a dip. */
  #ahead: S[] = []
  /** The dip that may begin at the first of #ahead, and how many of #ahead it has been checked against. */
  #suspect: { candidate: DipCandidate; checked: number } | null = null
  #open: DipCandidate[] = []

  /** `decisions` by `observed_at` in epoch milliseconds; `standing`: the state after the part that was walked before. */
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

  /** The state after everything that `push` has returned. */
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
      this.#suspect = null
    }
    return walked
  }

  /** How many snapshots of #ahead are a dip; `none`, or `open` if later snapshots decide. */
  #recovery(): number | 'none' | 'open' {
    const first = this.#ahead[0]!
    if (this.#suspect === null) {
      const candidate = this.#decisions.has(first.at) ? null : suspectDip(this.#standing, first)
      if (candidate === null) return 'none'
      this.#suspect = { candidate, checked: 1 }
    }
    for (const suspect = this.#suspect; suspect.checked < this.#ahead.length; suspect.checked++) {
      const snapshot = this.#ahead[suspect.checked]!
      const { recovered, next } = observe(suspect.candidate, snapshot, this.#decisions.get(snapshot.at))
      if (recovered && this.#allLow(suspect.checked, recovered)) return suspect.checked
      if (next === null) return 'none'
      suspect.candidate = next
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
    if (this.#suspect) this.#keepOpen(this.#suspect)
    const snapshot = this.#ahead.shift()!
    const { standing, delta } = step(this.#standing, snapshot, this.#decisions.get(snapshot.at))
    this.#standing = standing
    return { snapshot, delta }
  }

  /** At the end of a series, an undecided fall stays a candidate for the snapshots to come. */
  #keepOpen({ candidate, checked }: { candidate: DipCandidate; checked: number }): void {
    if (checked === this.#ahead.length) this.#open.push(candidate)
  }
}
