// Stores while a tick asks: first the backlog of earlier runs, then the answers of this run in groups as they arrive.

import { setTimeout as delay } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { reasonOf, UsageError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { SpoolRecord } from '../spool/records.ts'
import type { Segment } from '../spool/segment.ts'
import type { Spool } from '../spool/spool.ts'
import { unlessStopped } from '../stopping.ts'
import { asStoringProblem } from '../warehouse/away.ts'
import { type Lease, LeaseLostError } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'
import { NO_COUNTS, type RunCounts, readCounts, sumOfCounts } from '../warehouse/runs.ts'
import type { Replay } from '../warehouse/store-records.ts'
import { type Storing, storeLive, storeUnkept, storeWaiting } from './storing.ts'

/** How long answers are gathered before they are stored, so that a tick takes few transactions. */
const GATHER_MS = 250
/** How long storing may take after a stop; what is not stored by then waits in the spool. */
const STOP_GRACE_MS = 4_000
const RETRY_AFTER_MS = 200

interface Deps {
  readonly warehouse: Warehouse
  readonly spool: Spool
  readonly timezone: string
  readonly log: Logger
}

export interface LoopOptions {
  readonly runKey: string
  /** How long storing a backlog may take once the tick has nothing else to do; null: no limit. */
  readonly replayGraceMs: number | null
  readonly stop: AbortSignal
}

export interface Finished extends RunCounts {
  readonly waiting: boolean
  readonly problem: string | null
}

export class StoringLoop {
  readonly #storing: Storing | null
  readonly #segment: Segment
  readonly #options: LoopOptions
  readonly #replay: Replay = { key: uuidv7(), startedAt: Date.now() }
  readonly #outOfTime = new AbortController()
  #counts: RunCounts = NO_COUNTS
  #late = 0
  /** True once the backlog is stored, or what is left cannot be. Until then nothing of this run is stored. */
  #isCaughtUp = false
  #hasUnstorable = false
  /** The last step of storing; each step waits for the one before. */
  #last: Promise<void>
  #timer: NodeJS.Timeout | null = null
  #failure: unknown = null

  /** `lease` null: the database is away, and everything waits in the spool. */
  constructor(deps: Deps, lease: Lease | null, segment: Segment, options: LoopOptions) {
    this.#storing = lease && { ...deps, lease }
    this.#segment = segment
    this.#options = options
    this.#last = this.#attempt((storing) => this.#catchUp(storing))
  }

  /** Stores what the segment holds, within the next quarter of a second. */
  storeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#store((storing) => this.#storeOwn(storing))
    }, GATHER_MS)
  }

  /** Resolves when the backlog is stored, its time is over, or the run is stopped. Never rejects. */
  async settle(): Promise<void> {
    this.#limitReplay()
    await unlessStopped(this.#last, this.#options.stop).catch(() => {})
  }

  /**
   * Stores the rest, and `unkept`, which the spool could not take. `late` is the number of snapshots of earlier runs
   * that were stored; `problem` says why not everything is stored (null: it is, or there was no lease). Rejects with a
   * UsageError alone.
   */
  async finish(unkept: readonly SpoolRecord[]): Promise<Finished> {
    const { stop } = this.#options
    if (this.#timer) clearTimeout(this.#timer)
    this.#limitReplay()
    await this.#storeRest(unkept)
    if (this.#isWorthAnotherTry() && !stop.aborted) await this.#storeRestAgain(unkept)
    const failure = this.#failure
    if (failure instanceof UsageError && !stop.aborted) throw failure
    if (failure !== null)
      this.#storing?.log.warn(`${reasonOf(asStoringProblem(failure))} The answers wait in the spool.`)
    const isStored = this.#isCaughtUp && !this.#hasUnstorable && failure === null
    return { ...this.#counts, late: this.#late, waiting: !isStored, problem: this.#problem(failure) }
  }

  #isWorthAnotherTry(): boolean {
    const failure = this.#failure
    return failure !== null && !(failure instanceof UsageError) && !(failure instanceof LeaseLostError)
  }

  #problem(failure: unknown): string | null {
    if (failure !== null) return reasonOf(asStoringProblem(failure))
    return this.#hasUnstorable ? 'A part of the spool cannot be read.' : null
  }

  #limitReplay(): void {
    const { replayGraceMs } = this.#options
    if (replayGraceMs !== null) setTimeout(() => this.#outOfTime.abort(), replayGraceMs).unref()
  }

  async #catchUp(storing: Storing): Promise<void> {
    if (this.#isCaughtUp) return
    const stop = AbortSignal.any([this.#options.stop, this.#outOfTime.signal])
    const unstorable = await storeWaiting(storing, {
      replay: this.#replay,
      except: this.#options.runKey,
      stop,
      onStored: ({ stored }) => {
        this.#late += stored
      },
    })
    this.#hasUnstorable = unstorable > 0
    this.#isCaughtUp = !stop.aborted
  }

  /** Waits for the backlog, because storing answers out of order costs much more. After a stop it does not wait. */
  async #storeOwn(storing: Storing): Promise<void> {
    if (this.#isCaughtUp || this.#options.stop.aborted)
      await storeLive(storing, this.#segment, this.#options.runKey, this.#onStored)
  }

  readonly #onStored = (counts: RunCounts) => {
    this.#counts = sumOfCounts(this.#counts, counts)
  }

  async #storeRest(unkept: readonly SpoolRecord[]): Promise<void> {
    this.#store((storing) => this.#storeOwn(storing))
    if (unkept.length > 0)
      this.#store((storing) => storeUnkept(storing, this.#options.runKey, unkept, this.#onStored))
    try {
      await unlessStopped(this.#last, this.#options.stop, STOP_GRACE_MS)
    } catch (stopped) {
      this.#failure = stopped
    }
  }

  /** Tries once more, as the outage may be short: a restarting database breaks its connections one by one. */
  async #storeRestAgain(unkept: readonly SpoolRecord[]): Promise<void> {
    await delay(RETRY_AFTER_MS)
    this.#failure = null
    this.#store((storing) => this.#catchUp(storing))
    await this.#storeRest(unkept)
    // A commit may have succeeded without its confirmation, so the counts are read from the rows.
    await this.#attempt(async ({ warehouse }) => {
      this.#counts = await readCounts(warehouse.db, this.#options.runKey)
      this.#late = (await readCounts(warehouse.db, this.#replay.key)).stored
    })
  }

  #store(work: (storing: Storing) => Promise<void>): void {
    this.#last = this.#last.then(() => this.#attempt(work))
  }

  /** Does nothing after a failure. */
  async #attempt(work: (storing: Storing) => Promise<void>): Promise<void> {
    if (this.#storing === null || this.#failure !== null) return
    try {
      await work(this.#storing)
    } catch (error) {
      this.#failure = error
    }
  }
}
