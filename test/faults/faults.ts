// The faults: what each one breaks, and how it is made well again.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { fill } from './cluster.ts'
import type { Program } from './programs.ts'
import { FAILING, HANGING, ODD, REJECTED, type Way } from './ways.ts'
import { openWire } from './wire.ts'
import { lastLines, type World } from './world.ts'

export interface Fault {
  readonly name: string
  /** Takes long, so that once a run is enough. */
  readonly isSlow?: boolean
  /** Why it cannot be injected on this machine; null: it can. */
  cannot?(world: World): string | null
  inject(world: World): Promise<void>
}

const needsMount = (world: World) => (world.canMount ? null : 'only root may mount a small disk')

/** Ends a program as a power cut does, and lets the next one in: half a minute later, or at once as if it were. */
async function killed(world: World, program: Program): Promise<void> {
  await program.kill()
  if (world.isSmall || world.dice.happens(0.85)) await world.expireLease(program)
}

/** Kills `program` when it sends what holds `sign`, or so many packets; a while later if that never comes. */
async function killedAt(world: World, program: Program, sign: string | number): Promise<void> {
  const swallowsIt = world.dice.happens(0.5)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 8_000)
    world.wire.listen(sign, () => {
      void program.kill().then(resolve)
      clearTimeout(timer)
      return !swallowsIt
    })
  })
  await killed(world, program)
}

/** An outage that leaves answers in the spool of the daemon. */
async function backlog(world: World): Promise<void> {
  await world.wire.refuse()
  for (let ticks = world.dice.between(2, 3); ticks > 0; ticks--) {
    await world.api.next('answer')
    await delay(900)
  }
  await world.wire.mend()
}

/** The provider answers a part of all requests in these ways for a while. */
async function answering(world: World, ways: readonly Way[], part: number, ms: number): Promise<void> {
  world.api.mix = { ways, part }
  await delay(ms)
  world.api.mix = null
}

async function expectCode(world: World, program: Program, codes: readonly number[]): Promise<void> {
  const { code, signal } = await program.exit
  if (code === null || !codes.includes(code))
    world.problems.push(
      `${program.args.join(' ')} ended with ${code ?? signal}, not ${codes}: ${lastLines(program)}`,
    )
}

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

const terminateAll = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'primosync'`

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

export const PROVIDER: readonly Fault[] = [
  {
    name: 'provider: failing answers',
    inject: (world) => answering(world, FAILING, 0.4, 8_000),
  },
  {
    name: 'provider: odd answers',
    inject: (world) => answering(world, ODD, 0.7, 5_000),
  },
  {
    name: 'provider: answers that break the rules',
    inject: (world) => answering(world, REJECTED, 0.6, 4_000),
  },
  {
    name: 'provider: hanging',
    isSlow: true,
    inject: (world) => answering(world, HANGING, 0.15, 8_000),
  },
  {
    name: 'provider: dead',
    isSlow: true,
    async inject(world) {
      const dead = FAILING.filter(({ name }) => name === 'status 503' || name === 'reset before the answer')
      await answering(world, dead, 1, 25_000)
    },
  },
  {
    name: 'provider: key revoked half-way through',
    async inject(world) {
      await world.api.next('answer')
      world.api.key = 'none'
      await delay(world.dice.between(1_000, 3_000))
      world.api.key = null
    },
  },
  {
    name: 'provider: Retry-After of a day, and told to stop',
    isSlow: true,
    async inject(world) {
      const program = await world.daemon()
      const later: Way = {
        name: 'status 429, Retry-After 86400',
        counts: false,
        answer: (response) => void response.writeHead(429, { 'Retry-After': '86400' }).end(),
      }
      await answering(world, [later], 1, 3_000)
      await program.stop()
    },
  },
  {
    name: 'provider: slow TLS',
    cannot: () => (hasOpenssl() ? null : 'no openssl'),
    async inject(world) {
      const { api, programs } = world
      const folder = world.folder('by hand')
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
      const request = [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=127.0.0.1',
      ]
      const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
      execFileSync('openssl', [...request, ...names], { stdio: 'pipe' })
      const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
        const upstream = connect(api.port, '127.0.0.1')
        for (const end of [socket, upstream]) end.on('error', () => {})
        socket.pipe(upstream).pipe(socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const wire = await openWire((server.address() as AddressInfo).port)
      wire.slow(world.dice.between(100, 400))
      const env = {
        NODE_EXTRA_CA_CERTS: cert,
        PRIMOTEXTO_BASE_URL: `https://127.0.0.1:${wire.port}/p${programs.size + 1}/v2`,
      }
      await expectCode(world, world.run(['sync'], { folder, env }), [0])
      await wire.close()
      server.close()
    },
  },
  {
    name: 'provider: TLS that never comes about',
    async inject(world) {
      const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
      await new Promise((resolve) => mute.once('listening', resolve))
      const address = mute.address()
      const port = typeof address === 'object' && address ? address.port : 0
      const env = { PRIMOTEXTO_BASE_URL: `https://127.0.0.1:${port}/v2`, SYNC_TIMEOUT: '300 ms' }
      const sync = world.run(['sync'], { folder: world.folder('by hand'), env })
      await expectCode(world, sync, [1])
      mute.close()
    },
  },
]

export const MACHINE: readonly Fault[] = [
  {
    name: 'machine: SIGSTOP for longer than the lease',
    isSlow: true,
    async inject(world) {
      const program = await world.daemon()
      await world.api.next('answer')
      await delay(world.dice.between(0, 300))
      program.pause()
      const other = world.run(['start'], { folder: world.folder('other host') })
      await delay(33_000)
      program.resume()
      await delay(3_000)
      await other.stop()
    },
  },
  {
    name: 'machine: spool disk full',
    cannot: needsMount,
    async inject(world) {
      const folder = world.folder('small disk', 1)
      const program = world.run(['start'], { folder })
      await delay(world.dice.between(1_500, 2_500))
      const ballast = join(folder, 'ballast')
      fill(ballast)
      await delay(3_000)
      rmSync(ballast)
      await delay(1_500)
      await program.stop()
    },
  },
  {
    name: 'machine: data folder read-only',
    cannot: needsMount,
    async inject(world) {
      const folder = world.folder('small disk', 1)
      const program = world.run(['start'], { folder })
      await delay(world.dice.between(1_500, 2_500))
      // refused while a segment is open
      const remount = (how: string) =>
        execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' })
      const isReadOnly = await attempt(() => remount('ro'))
      await delay(2_500)
      if (isReadOnly) {
        await expectCode(world, world.run(['sync'], { folder }), [1])
        remount('rw')
      }
      await delay(1_000)
      await program.stop()
    },
  },
  {
    name: 'machine: little memory, and a replay',
    async inject(world) {
      await world.daemon()
      await backlog(world)
      const sync = world.run(['sync'], { nodeOptions: ['--max-old-space-size=40'] })
      await expectCode(world, sync, [0, 3])
    },
  },
  {
    name: 'machine: out of file descriptors',
    async inject(world) {
      const program = world.run(['start'], {
        folder: world.folder('few files'),
        openFiles: world.dice.between(24, 34),
      })
      await delay(5_000)
      if (program.endedAt === null) await program.stop()
    },
  },
  {
    name: 'machine: clock stepped back and forth',
    cannot: ({ faketime }) => (faketime ? null : 'no libfaketime'),
    async inject(world) {
      const folder = world.folder('stepped clock')
      const file = join(folder, 'offset')
      const step = (offset: string) => writeFileSync(file, `${offset}\n`)
      step('+0')
      const env = {
        ...{ LD_PRELOAD: world.faketime!, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
        ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', LOG_LEVEL: 'debug' },
      }
      const program = world.run(['start'], { folder, env })
      await delay(2_500)
      for (const offset of world.dice.shuffled(['-5', '+7', '-90000'])) {
        step(offset)
        await delay(1_200)
      }
      step('-3600')
      await expectCode(world, world.run(['sync'], { folder, env }), [0, 3])
      step('+0')
      // Each instant leaves a line, also where the other daemon was faster.
      const due = () => program.output().match(/"msg":"(this )?tick /g)?.length ?? 0
      const dueBefore = due()
      await delay(4_000)
      if (due() === dueBefore)
        world.problems.push('the clock was set back and right again, and no tick is due any more')
      await program.stop()
      const [row] = await world.cluster.admin<{ found: boolean }>(
        `select exists (select from sync.rejected where reason = 'clock') as found`,
      )
      if (!row!.found) world.problems.push('the clock went back, and no answer was set aside for it')
    },
  },
]

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
      if (!/9999_later.*\n.*Use the version/.test(sync.output()))
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
      const files = readdirSync(new URL('../../migrations/', import.meta.url)).length
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

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

async function olderDatabase({ cluster, programs }: World): Promise<string> {
  const name = `old${programs.size}`
  await cluster.admin(`create database ${name} owner primosync`)
  const first = readFileSync(new URL('../../migrations/0001_store.sql', import.meta.url), 'utf8')
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

async function attempt(work: () => unknown): Promise<boolean> {
  for (let tries = 0; tries < 40; tries++) {
    try {
      work()
      return true
    } catch {
      await delay(50)
    }
  }
  return false
}

export const FAULTS: readonly Fault[] = [
  ...KILLS,
  ...DATABASE,
  ...NETWORK,
  ...PROVIDER,
  ...MACHINE,
  ...SEVERAL,
]
