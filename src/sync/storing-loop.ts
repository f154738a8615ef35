// Stores while a tick asks: what earlier runs left first, then this run's answers in groups as they come.

import { reasonOf } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { Segment } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import { type Lease, LeaseLostError } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import type { RunCounts } from '../warehouse/runs.ts'
import { type Storing, storeLive, storeWaiting } from './storing.ts'

/** Answers are gathered for so long before they are stored, so that a tick takes a handful of transactions. */
const GATHER_MS = 250

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
  readonly #counts = { stored: 0, rejected: 0, late: 0 }
  /** Storing is in order: each step waits for the one before. */
  #last: Promise<void>
  #timer: NodeJS.Timeout | null = null
  #failure: unknown = null

  /** `lease` null: the database is away, and all waits in the spool. */
  constructor(deps: Deps, lease: Lease | null, segment: Segment, runKey: string) {
    this.#storing = lease && { ...deps, lease }
    this.#segment = segment
    this.#runKey = runKey
    this.#last = this.#attempt(async (storing) => {
      const { segments, ...counts } = await storeWaiting(storing, runKey)
      if (segments > 0) storing.log.info({ segments, ...counts }, 'stored what waited in the spool')
    })
  }

  /** There is more to store. */
  poke(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#storeOwn()
    }, GATHER_MS)
  }

  /** Stores the rest. `waiting`: the database could not take all of it. Rejects with any other failure. */
  async finish(): Promise<RunCounts & { waiting: boolean }> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#storeOwn()
    await this.#last
    const failure = this.#failure
    if (failure !== null && !isDatabaseAway(failure) && !(failure instanceof LeaseLostError)) throw failure
    if (failure !== null) this.#storing?.log.warn(`${reasonOf(failure)} The answers wait in the spool.`)
    return { ...this.#counts, waiting: this.#storing === null || failure !== null }
  }

  #storeOwn(): void {
    this.#last = this.#last.then(() =>
      this.#attempt(async (storing) => {
        const { stored, rejected, late } = await storeLive(storing, this.#segment, this.#runKey)
        this.#counts.stored += stored
        this.#counts.rejected += rejected
        this.#counts.late += late
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
