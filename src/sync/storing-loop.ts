// Stores while a tick asks: what earlier runs left first, then this run's answers in groups as they come.

import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { SpoolRecord } from '../spool/records.ts'
import type { Segment } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import { unlessStopped } from '../stopping.ts'
import { asAway, isDatabaseAway } from '../warehouse/away.ts'
import { type Lease, LeaseLostError } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { NO_COUNTS, type RunCounts, sumOfCounts } from '../warehouse/runs.ts'
import { type Stored, type Storing, storeLive, storeUnkept, storeWaiting } from './storing.ts'

/** Answers are gathered for so long before they are stored, so that a tick takes a handful of transactions. */
const GATHER_MS = 250
/** How long after a stop what has arrived may take to be stored; then it waits in the spool. */
const STOP_GRACE_MS = 4_000
const RETRY_AFTER_MS = 200

interface Deps {
  readonly warehouse: Warehouse
  readonly spool: Spool
  readonly timezone: string
  readonly log: Logger
}

export class StoringLoop {
  readonly #storing: Storing | null
  readonly #segment: Segment
  readonly #runKey: string
  readonly #stop: AbortSignal
  #counts: RunCounts = NO_COUNTS
  #late = 0
  /** Whether what earlier runs left behind has been stored. */
  #isCaughtUp = false
  /** Storing is in order: each step waits for the one before. */
  #last: Promise<void>
  #timer: NodeJS.Timeout | null = null
  #failure: unknown = null

  /** `lease` null: the database is away, and all waits in the spool. */
  constructor(deps: Deps, lease: Lease | null, segment: Segment, runKey: string, stop: AbortSignal) {
    this.#storing = lease && { ...deps, lease }
    this.#segment = segment
    this.#runKey = runKey
    this.#stop = stop
    this.#last = this.#attempt((storing) => this.#catchUp(storing))
  }

  /** Resolves once nothing that there was to store up to now is left to be tried. */
  get settled(): Promise<void> {
    return this.#last
  }

  /** There is more to store. */
  poke(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#store(storeLive)
    }, GATHER_MS)
  }

  /**
   * Stores the rest, and `unkept`, which the spool could not take. `late`: how many snapshots of earlier runs were
   * stored, too. `waiting`: the database could not take all of it. Rejects with any other failure.
   */
  async finish(unkept: readonly SpoolRecord[]): Promise<RunCounts & { waiting: boolean }> {
    if (this.#timer) clearTimeout(this.#timer)
    await this.#storeRest(unkept)
    if (isDatabaseAway(this.#failure) && !this.#stop.aborted) {
      // It may have been for a moment only; one that comes back breaks all connections, not all at once.
      await delay(RETRY_AFTER_MS)
      this.#failure = null
      if (!this.#isCaughtUp) this.#last = this.#attempt((storing) => this.#catchUp(storing))
      await this.#storeRest(unkept)
    }
    const failure = this.#failure
    const isWaiting = isDatabaseAway(failure) || failure instanceof LeaseLostError || this.#stop.aborted
    if (failure !== null && !isWaiting) throw failure
    if (failure !== null)
      this.#storing?.log.warn(`${reasonOf(asAway(failure))} The answers wait in the spool.`)
    return { ...this.#counts, late: this.#late, waiting: this.#storing === null || failure !== null }
  }

  async #catchUp(storing: Storing): Promise<void> {
    for await (const { stored } of storeWaiting(storing, this.#runKey, this.#stop)) this.#late += stored
    this.#isCaughtUp = true
  }

  async #storeRest(unkept: readonly SpoolRecord[]): Promise<void> {
    this.#store(storeLive)
    if (unkept.length > 0) this.#store((storing) => storeUnkept(storing, this.#runKey, unkept))
    try {
      await unlessStopped(this.#last, this.#stop, STOP_GRACE_MS)
    } catch (stopped) {
      this.#failure = stopped
    }
  }

  #store(work: (storing: Storing, segment: Segment, runKey: string) => Stored): void {
    this.#last = this.#last.then(() =>
      this.#attempt(async (storing) => {
        for await (const stored of work(storing, this.#segment, this.#runKey))
          this.#counts = sumOfCounts(this.#counts, stored)
      }),
    )
  }

  /** After a failure nothing more is tried in this tick. */
  async #attempt(work: (storing: Storing) => Promise<void>): Promise<void> {
    if (this.#storing === null || this.#failure !== null) return
    try {
      await work(this.#storing)
    } catch (error) {
      this.#failure = error
    }
  }
}
