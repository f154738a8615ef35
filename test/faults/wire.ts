// The network between the programs and the database: a proxy that can be cut, slowed and watched.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Wire {
  readonly port: number
  /** How many packets were discarded or delayed, plus how many connections of programs were broken. */
  readonly touched: number
  /** Breaks all connections, and refuses new ones. */
  refuse(): Promise<void>
  /** Breaks all connections. New ones go through. */
  reset(): void
  /** Discards all data, of old and new connections. */
  swallow(): void
  /** Delays each packet, in both directions. */
  slow(delayMs: number): void
  /** Breaks the connections of the programs, but not those to the database. */
  halfOpen(): void
  /**
   * Calls `then` once, when a packet from a program contains `sign`, or is the `sign`-th from now on. Afterwards the
   * packet is passed on to the database, unless `then` returns false.
   */
  listen(sign: string | number, then: () => boolean | undefined): void
  /** Restores the initial state. Breaks connections that hang. */
  mend(): Promise<void>
  close(): Promise<void>
}

export async function openWire(targetPort: number): Promise<Wire> {
  const clients = new Set<Socket>()
  const upstreams = new Set<Socket>()
  let isSwallowing = false
  let delayMs = 0
  let touched = 0
  let listening: { sign: string | number; then: () => boolean | undefined } | null = null

  const heard = (data: Buffer): boolean => {
    if (listening === null) return true
    if (typeof listening.sign === 'number' ? --listening.sign > 0 : !data.includes(listening.sign))
      return true
    const { then } = listening
    listening = null
    return then() !== false
  }
  const keep = (socket: Socket, all: Set<Socket>) => {
    all.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}).on('close', () => all.delete(socket))
  }
  const pass = (to: Socket, isFromProgram: boolean) => {
    let last: Promise<unknown> = Promise.resolve()
    return (data: Buffer) => {
      if (isSwallowing || delayMs > 0) touched += 1
      if (isSwallowing || (isFromProgram && !heard(data)) || to.destroyed) return
      const due = delayMs === 0 ? null : new Promise((resolve) => setTimeout(resolve, delayMs))
      last = last.then(() => due).then(() => to.write(data))
    }
  }
  const server = createServer((client) => {
    keep(client, clients)
    if (isSwallowing) return
    const upstream = connect(targetPort, '127.0.0.1')
    keep(upstream, upstreams)
    client.on('data', pass(upstream, true))
    upstream.on('data', pass(client, false)).on('close', () => client.destroy())
    client.on('close', () => {
      if (!orphans.has(upstream)) upstream.destroy()
    })
    pairs.set(client, upstream)
  })
  const pairs = new WeakMap<Socket, Socket>()
  const orphans = new Set<Socket>()
  const breakAll = () => {
    touched += clients.size
    for (const socket of [...clients, ...upstreams]) socket.resetAndDestroy()
    orphans.clear()
  }
  const listenOn = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listenOn(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    get touched() {
      return touched
    },
    async refuse() {
      const closed = once(server, 'close')
      server.close()
      breakAll()
      await closed
    },
    reset: breakAll,
    swallow: () => {
      isSwallowing = true
    },
    slow: (ms) => {
      delayMs = ms
    },
    halfOpen: () => {
      for (const client of clients) {
        const upstream = pairs.get(client)
        if (upstream) orphans.add(upstream)
        touched += 1
        client.resetAndDestroy()
      }
    },
    listen: (sign, then) => {
      listening = { sign, then }
    },
    async mend() {
      if (isSwallowing || orphans.size > 0) breakAll()
      isSwallowing = false
      delayMs = 0
      listening = null
      if (!server.listening) await listenOn(port)
    },
    async close() {
      breakAll()
      if (server.listening) server.close()
    },
  }
}
