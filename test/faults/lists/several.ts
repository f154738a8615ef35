// Several programs with one database, and databases of other versions.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openWire } from '../wire.ts'
import { lastLines, type World } from '../world.ts'
import { backlog, expectCode, type Fault, hasTicked, killed, terminateAll, within } from './fault.ts'

const DEBUG = { LOG_LEVEL: 'debug' }

export const SEVERAL: readonly Fault[] = [
  {
    name: 'several: two daemons, one through PgBouncer',
    cannot: ({ bouncerPort }) => (bouncerPort === null ? 'no PgBouncer' : null),
    async inject(world) {
      const { api, cluster } = world
      const program = await world.daemon()
      const env = { DATABASE_URL: cluster.url(world.bouncerPort!) }
      const other = world.run(['start'], { folder: world.folder('bouncer'), env })
      await delay(3_000)
      await backlog(world, program)
      if (!api.answered.some((answer) => answer.program === other.id))
        world.missed('the one behind PgBouncer has asked nothing')
      await cluster.admin(terminateAll)
      await delay(3_000)
      if (world.dice.happens(0.5)) await killed(world, other)
      else await other.stop()
    },
  },
  {
    name: 'several: two daemons and a sync by hand',
    async inject(world) {
      await world.daemon()
      const other = world.run(['start'], { folder: world.folder('other host'), env: DEBUG })
      const sync = world.run(['sync'])
      await expectCode(world, sync, [0, 3])
      await delay(1_000)
      if (!(await within(5_000, () => hasTicked(other)))) world.missed('the other daemon had no tick')
      await other.stop()
    },
  },
  {
    name: 'several: ten daemons at once',
    isSlow: true,
    async inject(world) {
      const daemons = [...Array(10).keys()].map((n) =>
        world.run(['start'], { folder: world.folder(`host ${n}`), env: DEBUG }),
      )
      await delay(20_000)
      const ticked = daemons.filter(hasTicked).length
      if (ticked < daemons.length) world.missed(`only ${ticked} of ten daemons had a tick`)
      await Promise.all(
        daemons.map((daemon) => daemon.stop().catch((error) => world.problems.push(error.message))),
      )
    },
  },
  {
    name: 'schema: newer than the program',
    async inject(world) {
      const { cluster } = world
      await cluster.admin(
        `insert into store_migrations.migration (name, timestamp) values ('9999_later', now()::text)`,
      )
      const sync = world.run(['sync'], { folder: world.folder('by hand') })
      await expectCode(world, sync, [4])
      if (!/9999_later/.test(sync.output()))
        world.problems.push(`a newer schema is not explained: ${lastLines(sync)}`)
      await cluster.admin(`delete from store_migrations.migration where name = '9999_later'`)
    },
  },
  {
    name: 'schema: older, and three upgrade it at once',
    async inject(world) {
      const { cluster, wire } = world
      const name = await olderDatabase(world)
      const env = { DATABASE_URL: cluster.url(wire.port, name) }
      await Promise.all(
        [1, 2, 3].map((n) =>
          expectCode(world, world.run(['migrate'], { folder: world.folder(`${name} ${n}`), env }), [0]),
        ),
      )
      const [row] = await cluster.admin<{ count: string }>(
        'select count(*) from store_migrations.migration',
        name,
      )
      const files = readdirSync(new URL('../../../migrations/', import.meta.url)).length
      if (Number(row!.count) !== files)
        world.problems.push(`an older schema has ${row!.count} migrations after upgrading`)
      await cluster.admin(`drop database ${name} with (force)`)
    },
  },
  {
    name: 'kill -9: during migration',
    async inject(world) {
      const { cluster, dice } = world
      const name = `m${world.programs.size}`
      await cluster.admin(`create database ${name} owner primosync`)
      const wire = await openWire(cluster.port) // a separate one, as the daemon sends some of these words, too
      const env = { DATABASE_URL: cluster.url(wire.port, name) }
      const folder = world.folder(name)
      const program = world.run(['migrate'], { folder, env })
      const sign = dice.pick([
        'create schema',
        'create or replace view',
        'comment on',
        'store_migrations',
        'commit',
      ])
      let isHit = false
      wire.listen(sign, () => {
        isHit = true
        void program.kill()
        return dice.happens(0.5)
      })
      await program.exit
      if (!isHit) world.missed(`it has ended without ${sign}`)
      await expectCode(world, world.run(['migrate'], { folder, env }), [0])
      await expectCode(world, world.run(['verify'], { folder, env }), [0])
      await wire.close()
      await cluster.admin(`drop database ${name} with (force)`)
    },
  },
  {
    name: 'kill -9: during embedded start',
    isSlow: true,
    async inject(world) {
      const folder = world.folder(`embedded ${world.programs.size}`)
      // Its answers are counted in an export, which holds categories only.
      const env = { DATABASE_URL: '', SYNC_ACCOUNT_STATS: 'off' }
      let hits = 0
      for (const latestMs of [200, 500]) {
        const daemon = world.run(['start'], { folder, env })
        const isUp = () => daemon.output().includes('dashboard')
        const isBeingMade = () => existsSync(join(folder, `postgres.new-${daemon.pid}`))
        await within(10_000, () => isBeingMade() || isUp() || daemon.endedAt !== null)
        await delay(world.dice.between(0, latestMs))
        if (daemon.endedAt === null && !isUp()) hits += 1
        await daemon.kill()
      }
      const atWork = world.run(['start'], { folder, env })
      await within(20_000, () => world.api.answered.some(({ program }) => program === atWork.id))
      await atWork.kill()
      if (hits === 0) world.missed('PostgreSQL was always up')
      await expectCode(world, world.run(['sync'], { folder, env }), [0])
      await expectCode(world, world.run(['verify'], { folder, env }), [0])
      const exported = world.run(['export'], { folder, env })
      await expectCode(world, exported, [0])
      for (const [, total] of exported.output().matchAll(/"sent":(\d+)/g)) world.elsewhere.push(Number(total))
    },
  },
]

async function olderDatabase({ cluster, programs }: World): Promise<string> {
  const name = `old${programs.size}`
  await cluster.admin(`create database ${name} owner primosync`)
  const first = readFileSync(new URL('../../../migrations/0001_store.sql', import.meta.url), 'utf8')
  await cluster.admin(
    `set role primosync; ${first};
    create schema store_migrations;
    create table store_migrations.migration (name varchar(255) primary key, timestamp varchar(255) not null);
    create table store_migrations.migration_lock (id varchar(255) primary key, is_locked integer default 0 not null);
    insert into store_migrations.migration_lock values ('migration_lock', 0);
    insert into store_migrations.migration values ('0001_store', now()::text)`,
    name,
  )
  return name
}
