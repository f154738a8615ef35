// Faults of the provider: wrong, late or missing answers. The single answers are in ways.ts.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { openHttpProxy } from '../../helpers/http-proxy.ts'
import { FAILING, HANGING, ODD, REJECTED, WAYS, type Way } from '../ways.ts'
import { openWire } from '../wire.ts'
import { CATEGORIES, lastLines } from '../world.ts'
import { answering, expectCode, type Fault, lasting } from './fault.ts'

export const PROVIDER: readonly Fault[] = [
  {
    name: 'provider: failing answers',
    inject: (world) => answering(world, FAILING, 0.4, 8_000),
  },
  {
    name: 'provider: odd answers',
    inject: (world) => answering(world, ODD, 0.7, 3_000),
  },
  {
    name: 'provider: answers that break the rules',
    inject: (world) => answering(world, REJECTED, 0.6, 2_500),
  },
  {
    name: 'provider: sick categories',
    async inject(world) {
      const { api, dice } = world
      await world.daemon()
      const [well = '', ...others] = dice.shuffled(CATEGORIES.split(','))
      api.sick = new Map(others.slice(0, -1).map((category) => [category, dice.pick(FAILING)]))
      const from = api.answered.length
      const healthy = [well, others.at(-1)!]
      const asked = () => new Set(api.answered.slice(from).map(({ category }) => category))
      await lasting(world, 6_000, () => healthy.every((category) => asked().has(category)))
      const starved = healthy.filter((category) => !asked().has(category))
      if (starved.length > 0) world.problems.push(`sick categories kept ${starved} from being asked`)
      api.sick = new Map()
    },
  },
  {
    name: 'provider: a proxy that dies and comes back',
    async inject(world) {
      const proxy = await openHttpProxy()
      const folder = world.folder('behind a proxy')
      const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` }
      await expectCode(world, world.run(['sync'], { folder, env }), [0, 3])
      await proxy.die()
      const away = world.run(['sync'], { folder, env })
      await expectCode(world, away, [1])
      if (!away.output().includes(`the proxy at 127.0.0.1:${proxy.port}`))
        world.problems.push(`a dead proxy is not named: ${lastLines(away)}`)
      await proxy.comeBack()
      await expectCode(world, world.run(['sync'], { folder, env }), [0, 3])
      if (proxy.asked.length === 0) world.missed('the proxy was not asked')
      await proxy.die()
    },
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
      const { api, dice } = world
      const refusals = () => api.gone.get(WAYS.revoked.name) ?? 0
      const before = refusals()
      await api.next('answer')
      api.key = 'none'
      await lasting(world, dice.between(1_000, 3_000), () => refusals() > before)
      api.key = null
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

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
