// The daemon is killed with SIGKILL at every stage of its work.
import { setTimeout as delay } from 'node:timers/promises'
import type { Program } from '../programs.ts'
import type { World } from '../world.ts'
import { backlog, type Fault, killed, killedAt, unstored } from './fault.ts'

export const KILLS: readonly Fault[] = [
  {
    name: 'kill -9: while fetching',
    async inject(world) {
      const { api, dice } = world
      const program = await world.daemon()
      api.holdMs = 400
      await delay(dice.between(0, 900))
      await api.next('request')
      await delay(dice.between(0, 300))
      if (api.underWay(program.id) === 0) world.missed('no request was under way')
      await killed(world, program)
      api.holdMs = 0
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
      await missedIfStored(world, program.inSpoolAtDeath)
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
      const waiting = await backlog(world, program)
      // `spooled_bytes`: how much of a segment is stored. It is read before, and updated with, each batch.
      await killedAt(world, program, 'spooled_bytes', world.dice.between(0, 15))
      await missedIfStored(world, stillWaiting(program, waiting))
    },
  },
  {
    name: 'kill -9: of a sync by hand',
    async inject(world) {
      await world.daemon()
      world.api.holdMs = 150
      const program = world.run(['sync'], { folder: world.folder('by hand') })
      await delay(world.dice.between(100, 900))
      if (program.endedAt !== null) world.missed('it was over')
      await killed(world, program)
      world.api.holdMs = 0
    },
  },
]

const stillWaiting = ({ inSpoolAtDeath }: Program, totals: readonly number[]) =>
  totals.filter((total) => inSpoolAtDeath.has(total))

async function missedIfStored(world: World, totals: Iterable<number>): Promise<void> {
  if ((await unstored(world, totals)).length === 0) world.missed('all that was in the spool was stored')
}
