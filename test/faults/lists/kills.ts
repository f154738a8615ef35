// The daemon ends without a word: kill -9 at every stage of its work.
import { setTimeout as delay } from 'node:timers/promises'
import { backlog, type Fault, killed, killedAt } from './fault.ts'

export const KILLS: readonly Fault[] = [
  {
    name: 'kill -9: while fetching',
    async inject(world) {
      const program = await world.daemon()
      world.api.holdMs = 400
      await world.api.next('request')
      await delay(world.dice.between(0, 900))
      await killed(world, program)
      world.api.holdMs = 0
    },
  },
  {
    name: 'kill -9: between fetch and commit',
    async inject(world) {
      const program = await world.daemon()
      world.wire.slow(300)
      await delay(1_000)
      await world.api.next('answer')
      await delay(world.dice.between(100, 900))
      await killed(world, program)
    },
  },
  {
    name: 'kill -9: during commit',
    inject: async (world) => await killedAt(world, await world.daemon(), 'commit'),
  },
  {
    name: 'kill -9: during replay',
    async inject(world) {
      const program = await world.daemon()
      await backlog(world)
      await killedAt(world, program, world.dice.between(1, 60))
    },
  },
  {
    name: 'kill -9: of a sync by hand',
    async inject(world) {
      const program = world.run(['sync'], { folder: world.folder('by hand') })
      await world.daemon()
      await delay(world.dice.between(300, 2_500))
      await killed(world, program)
    },
  },
]
