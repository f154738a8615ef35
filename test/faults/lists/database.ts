// Faults of PostgreSQL.
import type { World } from '../world.ts'
import { AWAY, type Fault, lasting, listeningTo, needsMount, terminateAll } from './fault.ts'

const LOCK_SNAPSHOTS = 'lock table store.snapshot in exclusive mode'
const SESSIONS = `select pid from pg_stat_activity where usename = 'primosync'`

interface Broken {
  mend?(): unknown
  /** Whether it had an effect. Default: the daemon logs that its answers wait, or that a tick failed. */
  isFelt?(): boolean | Promise<boolean>
}

/** Breaks a part of the database for a few ticks. */
const database = (name: string, breakIt: (world: World) => Promise<Broken>): Fault => ({
  name: `database: ${name}`,
  async inject(world) {
    const says = listeningTo(await world.daemon())
    const { mend, isFelt = () => says(AWAY) } = await breakIt(world)
    await lasting(world, world.dice.between(500, 3_500), isFelt)
    await mend?.()
  },
})

/** Changes a setting of the server. */
const setting = (name: string, value: string) =>
  database(`${name} = ${value}`, async ({ cluster }) => {
    await cluster.admin(`alter system set ${name} = '${value}'`)
    await cluster.admin('select pg_reload_conf()')
    return {
      async mend() {
        await cluster.admin(`alter system reset ${name}`)
        await cluster.admin('select pg_reload_conf()')
      },
    }
  })

const lock = (name: string, statement: string) =>
  database(`${name} locked by somebody else`, async ({ cluster }) => ({
    mend: await cluster.hold(statement),
    isFelt: async () => (await cluster.admin(`${SESSIONS} and wait_event_type = 'Lock'`)).length > 0,
  }))

export const DATABASE: readonly Fault[] = [
  database('stopped', async ({ cluster }) => {
    await cluster.stop()
    return { mend: () => cluster.start() }
  }),
  database('killed -9', async ({ cluster }) => {
    await cluster.kill()
    return { mend: () => cluster.start() }
  }),
  database('restarted', async ({ cluster }) => {
    const broken = await cluster.admin(SESSIONS)
    await cluster.stop()
    await cluster.start()
    return { isFelt: () => broken.length > 0 }
  }),
  database('connections terminated', async ({ cluster }) => {
    const broken = await cluster.admin(terminateAll)
    return { isFelt: () => broken.length > 0 }
  }),
  setting('default_transaction_read_only', 'on'),
  database('out of connections', async ({ cluster }) => {
    // The program may take one of those that end before all are taken.
    const mendFirst = await cluster.takeAllConnections()
    await cluster.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'primosync%'",
    )
    const mendSecond = await cluster.takeAllConnections()
    return {
      async mend() {
        await mendFirst()
        await mendSecond()
      },
    }
  }),
  lock('snapshots', LOCK_SNAPSHOTS),
  lock('lease', 'select from store.lease for update'),
  database('password changed', async ({ cluster }) => {
    await cluster.admin(`alter role primosync password 'another'; ${terminateAll}`)
    return { mend: () => cluster.admin(`alter role primosync password '${cluster.ownerPassword}'`) }
  }),
  database('rights lost', async ({ cluster }) => {
    await cluster.admin('alter schema store owner to postgres')
    return { mend: () => cluster.admin('alter schema store owner to primosync') }
  }),
  {
    name: 'database: snapshots locked for longer than a writer waits',
    isSlow: true,
    async inject(world) {
      const says = listeningTo(await world.daemon())
      const release = await world.cluster.hold(LOCK_SNAPSHOTS)
      await lasting(world, 9_000, () => says(AWAY))
      await release()
    },
  },
  {
    name: 'database: disk full',
    isSlow: true,
    cannot: needsMount,
    async inject(world) {
      const says = listeningTo(await world.daemon())
      const mend = world.cluster.fillDisk!()
      await lasting(world, 8_000, () => says(AWAY))
      mend()
      await world.cluster.start()
    },
  },
]
