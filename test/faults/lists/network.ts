// The network between program and database fails.
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './fault.ts'

export const NETWORK: readonly Fault[] = [
  {
    name: 'network: connection refused',
    async inject({ wire, dice }) {
      await wire.refuse()
      await delay(dice.between(500, 4_000))
    },
  },
  {
    name: 'network: reset in the middle',
    async inject({ wire, dice }) {
      for (let resets = dice.between(1, 5); resets > 0; resets--) {
        wire.listen(dice.between(1, 40), () => {
          wire.reset()
          return false
        })
        await delay(dice.between(300, 1_000))
      }
    },
  },
  {
    name: 'network: black hole for a moment',
    async inject({ wire, dice }) {
      wire.swallow()
      await delay(dice.between(500, 4_000))
    },
  },
  {
    name: 'network: black hole for longer than anybody waits',
    isSlow: true,
    async inject({ wire }) {
      wire.swallow()
      await delay(22_000)
    },
  },
  {
    name: 'network: latency of 2 s',
    isSlow: true,
    async inject({ wire }) {
      wire.slow(1_000)
      await delay(14_000)
    },
  },
  {
    name: 'network: half-open connections',
    async inject({ wire, dice }) {
      wire.listen(dice.between(1, 30), () => {
        wire.halfOpen()
        return undefined
      })
      await delay(dice.between(2_000, 5_000))
    },
  },
]
