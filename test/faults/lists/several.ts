// Several programs on one database, and databases that several versions have made.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { lastLines, type World } from '../world.ts'
import { backlog, expectCode, type Fault, killed, terminateAll } from './fault.ts'

export const SEVERAL: readonly Fault[] = [
  {
    name: 'several: two daemons, one through PgBouncer',
    cannot: ({ bouncerPort }) => (bouncerPort === null ? 'no PgBouncer' : null),
    async inject(world) {
      await world.daemon()
      const env = { DATABASE_URL: world.cluster.url(world.bouncerPort!) }
      const other = world.run(['start'], { folder: world.folder('bouncer'), env })
      await delay(3_000)
      await backlog(world)
      await world.cluster.admin(terminateAll)
      await delay(3_000)
      if (world.dice.happens(0.5)) await killed(world, other)
      else await other.stop()
    },
  },
  {
    name: 'several: two daemons and a sync by hand',
    async inject(world) {
      await world.daemon()
      const other = world.run(['start'], { folder: world.folder('other host') })
      const sync = world.run(['sync'])
      await expectCode(world, sync, [0, 3])
      await delay(1_000)
      await other.stop()
    },
  },
  {
    name: 'several: ten daemons at once',
    isSlow: true,
    async inject(world) {
      const daemons = [...Array(10).keys()].map((n) =>
        world.run(['start'], { folder: world.folder(`host ${n}`) }),
      )
      await delay(20_000)
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
      await expectCode(world, sync, [1])
      if (!/9999_later.*\n.*Use primosync/.test(sync.output()))
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
      const { cluster, wire, dice } = world
      const name = `m${world.programs.size}`
      await cluster.admin(`create database ${name} owner primosync`)
      const env = { DATABASE_URL: cluster.url(wire.port, name) }
      const folder = world.folder(name)
      const killedOne = world.run(['migrate'], { folder, env })
      const isHit = new Promise<void>((resolve) => {
        const signs = ['create schema', 'create view', 'comment on', 'store_migrations', 'commit']
        wire.listen(dice.pick(signs), () => {
          void killedOne.kill().then(resolve)
          return dice.happens(0.5)
        })
      })
      await Promise.race([isHit, killedOne.exit])
      await expectCode(world, world.run(['migrate'], { folder, env }), [0])
      await expectCode(world, world.run(['verify'], { folder, env }), [0])
      await cluster.admin(`drop database ${name} with (force)`)
    },
  },
  {
    name: 'kill -9: during embedded start',
    isSlow: true,
    async inject(world) {
      const folder = world.folder(`embedded ${world.programs.size}`)
      const env = { DATABASE_URL: '' }
      for (const ms of [world.dice.between(200, 1_500), world.dice.between(1_000, 4_000), 6_000]) {
        const daemon = world.run(['start'], { folder, env })
        await delay(ms)
        await daemon.kill()
      }
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
