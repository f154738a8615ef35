// PostgreSQL fails, in every way that it has.
import { setTimeout as delay } from 'node:timers/promises'
import type { World } from '../world.ts'
import { type Fault, needsMount, terminateAll } from './fault.ts'

/** Breaks something of the database for a moment that is long enough for a few ticks. */
const database = (name: string, breakIt: (world: World) => Promise<(() => unknown) | undefined>): Fault => ({
  name: `database: ${name}`,
  async inject(world) {
    const mend = await breakIt(world)
    await delay(world.dice.between(500, 3_500))
    await mend?.()
  },
})

const setting = (name: string, value: string) =>
  database(`${name} = ${value}`, async ({ cluster }) => {
    await cluster.admin(`alter system set ${name} = '${value}'`)
    await cluster.admin('select pg_reload_conf()')
    return async () => {
      await cluster.admin(`alter system reset ${name}`)
      await cluster.admin('select pg_reload_conf()')
    }
  })

export const DATABASE: readonly Fault[] = [
  database('stopped', async ({ cluster }) => {
    await cluster.stop()
    return () => cluster.start()
  }),
  database('killed -9', async ({ cluster }) => {
    await cluster.kill()
    return () => cluster.start()
  }),
  database('restarted', async ({ cluster }) => {
    await cluster.stop()
    await cluster.start()
    return undefined
  }),
  database('connections terminated', async ({ cluster }) => {
    await cluster.admin(terminateAll)
    return undefined
  }),
  setting('default_transaction_read_only', 'on'),
  setting('statement_timeout', '2ms'),
  database('out of connections', async ({ cluster }) => {
    await cluster.admin(terminateAll)
    return await cluster.takeAllConnections()
  }),
  database('snapshots locked by somebody else', async ({ cluster }) => {
    return await cluster.hold('lock table store.snapshot in exclusive mode')
  }),
  database('lease locked by somebody else', async ({ cluster }) => {
    return await cluster.hold('select from store.lease for update')
  }),
  database('password changed', async ({ cluster }) => {
    await cluster.admin(`alter role primosync password 'another'; ${terminateAll}`)
    return () => cluster.admin(`alter role primosync password '${cluster.ownerPassword}'`)
  }),
  database('rights lost', async ({ cluster }) => {
    await cluster.admin('alter schema store owner to postgres')
    return () => cluster.admin('alter schema store owner to primosync')
  }),
  {
    name: 'database: snapshots locked for longer than a writer waits',
    isSlow: true,
    async inject({ cluster }) {
      const release = await cluster.hold('lock table store.snapshot in exclusive mode')
      await delay(9_000)
      await release()
    },
  },
  {
    name: 'database: disk full',
    isSlow: true,
    cannot: needsMount,
    async inject({ cluster }) {
      const mend = cluster.fillDisk!()
      await delay(8_000)
      mend()
      await cluster.start()
    },
  },
]
