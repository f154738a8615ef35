// Faults of the network between programs and database.
import { setTimeout as delay } from 'node:timers/promises'
import type { World } from '../world.ts'
import { AWAY, type Fault, lasting, listeningTo } from './fault.ts'

/** Breaks packets or connections for `ms`. */
const network = (name: string, breakIt: (world: World) => void, ms: (world: World) => number): Fault => ({
  name: `network: ${name}`,
  async inject(world) {
    const { touched } = world.wire
    breakIt(world)
    await lasting(world, ms(world), () => world.wire.touched > touched)
  },
})

export const NETWORK: readonly Fault[] = [
  {
    name: 'network: connection refused',
    async inject(world) {
      const says = listeningTo(await world.daemon())
      await world.wire.refuse()
      await lasting(world, world.dice.between(500, 4_000), () => says(AWAY))
    },
  },
  {
    name: 'network: reset in the middle',
    async inject(world) {
      const { wire, dice } = world
      const { touched } = wire
      for (let resets = dice.between(1, 5); resets > 0; resets--) {
        wire.listen(dice.between(1, 40), () => {
          wire.reset()
          return false
        })
        await delay(dice.between(300, 1_000))
      }
      await lasting(world, 0, () => wire.touched > touched)
    },
  },
  network(
    'black hole for a moment',
    ({ wire }) => wire.swallow(),
    ({ dice }) => dice.between(500, 4_000),
  ),
  {
    ...network(
      'black hole for longer than anybody waits',
      ({ wire }) => wire.swallow(),
      () => 22_000,
    ),
    isSlow: true,
  },
  {
    ...network(
      'latency of 2 s',
      ({ wire }) => wire.slow(1_000),
      () => 14_000,
    ),
    isSlow: true,
  },
  network(
    'half-open connections',
    ({ wire, dice }) =>
      wire.listen(dice.between(1, 30), () => {
        wire.halfOpen()
        return undefined
      }),
    ({ dice }) => dice.between(2_000, 5_000),
  ),
]
