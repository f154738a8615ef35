// The places of a run: how many requests are under way at a time, and in which order they are sent.
import PQueue from 'p-queue'
import { type Circuit, type Group, groupOf, type LastOutcome } from './circuit.ts'

/** The most requests that have given their place away while they wait for an answer. */
const MOST_SLOW = 250

/** Categories that answered last time come first, then those that were never asked, then the others. */
const RANK = { answered: 2, unknown: 1, unanswered: 0 } as const

export interface Places {
  /**
   * Sends a request when there is a place for it. The place of a category that answered last time is free when its
   * request has ended; that of another one is free after `slowMs` too, so that hanging requests never take all places.
   * Rejects as the request does, or with the reason of a stop.
   */
  send<T>(lastOutcome: LastOutcome, isFirstTry: boolean, request: () => Promise<T>): Promise<T>
  /** Lets first tries go on or wait, as the circuit says. */
  follow(circuit: Circuit): void
}

export function createPlaces(concurrency: number, slowMs: number, stop: AbortSignal): Places {
  const places = new PQueue({ concurrency, autoStart: false })
  // Later, so that the first place goes to the first in rank, and not to the first that is sent.
  setImmediate(() => places.start())
  const gates = { known: new PQueue(), others: new PQueue() }
  let slow = 0

  async function hold(request: Promise<unknown>, isKnown: boolean): Promise<void> {
    if (isKnown || slow >= MOST_SLOW) return await settled(request)
    slow += 1
    void settled(request).then(() => {
      slow -= 1
    })
    await settled(request, slowMs)
  }

  return {
    async send(lastOutcome, isFirstTry, request) {
      const group = groupOf(lastOutcome)
      const options = { signal: stop, priority: priorityOf(lastOutcome) }
      const isHeld = () => isFirstTry && gates[group].isPaused
      let sent: ReturnType<typeof request> | null = null
      const takePlace = async () => {
        if (isHeld()) return // it was held while it waited for its place
        sent = request()
        await hold(sent, group === 'known')
      }
      while (sent === null) {
        if (isHeld()) await gates[group].add(() => {}, options)
        await places.add(takePlace, options)
      }
      return await sent
    },
    follow(circuit) {
      for (const group of ['known', 'others'] satisfies Group[]) {
        if (circuit.isHeld(group)) gates[group].pause()
        else gates[group].start()
      }
    },
  }
}

/** Those that did not answer last time are asked in random order, so that a dead provider is not judged by the same ones. */
function priorityOf(lastOutcome: LastOutcome): number {
  return lastOutcome === 'unanswered' ? RANK.unanswered + Math.random() / 2 : RANK[lastOutcome ?? 'unknown']
}

/** Resolves when the request has ended in whatever way, or after `limitMs`. */
function settled(request: Promise<unknown>, limitMs?: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs)
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    request.then(end, end)
  })
}
