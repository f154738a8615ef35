// A TCP proxy to a server, whose connections a test can break, freeze and restore.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TcpProxy {
  /** `targetUrl`, through the proxy. */
  readonly url: string
  /** Breaks all connections; new ones are refused. */
  cut(): void
  /** Breaks all connections after `packets` more packets from clients; new ones are refused. */
  cutAfter(packets: number): void
  /**
   * Breaks all connections once, after `packets` more packets from clients: before the last of them arrives, or before
   * its answer does. New connections go through. Returns a function that says whether it has happened.
   */
  breakAfter(packets: number, before?: 'packet' | 'answer'): () => boolean
  /** Discards all data from now on, in both directions, of old and new connections. */
  freeze(): void
  /** Lets new connections through again, and breaks frozen ones. */
  restore(): void
  /** True after `cut`, or once `cutAfter` has broken the connections. */
  readonly isCut: boolean
}

/** Opens a proxy to the host and port of `targetUrl`. It is closed after the test. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let state: 'open' | 'cut' | 'frozen' = 'open'
  let packetsLeft = Number.POSITIVE_INFINITY
  let strike = () => {}
  let isAnswerAwaited = false

  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const server = createServer((client) => {
    keep(client)
    if (state === 'cut') return client.resetAndDestroy()
    if (state === 'frozen') return
    const upstream = connect(Number(port || 5432), hostname)
    keep(upstream)
    const pass = (to: Socket, isFromClient: boolean) => (data: Buffer) => {
      if (isFromClient ? --packetsLeft <= 0 && !isAnswerAwaited : isAnswerAwaited && packetsLeft <= 0)
        return strike()
      if (state === 'open') to.write(data)
    }
    client.on('data', pass(upstream, true)).on('close', () => upstream.destroy())
    upstream.on('data', pass(client, false)).on('close', () => client.destroy())
  })
  const cut = () => {
    state = 'cut'
    packetsLeft = Number.POSITIVE_INFINITY
    breakAll()
  }
  const strikeAfter = (packets: number, how: () => void) => {
    packetsLeft = packets
    strike = how
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    breakAll()
    server.close()
  })
  const url = new URL(targetUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    cut,
    cutAfter: (packets) => strikeAfter(packets, cut),
    breakAfter(packets, before = 'packet') {
      let hasBroken = false
      isAnswerAwaited = before === 'answer'
      strikeAfter(packets, () => {
        hasBroken = true
        isAnswerAwaited = false
        packetsLeft = Number.POSITIVE_INFINITY
        breakAll()
      })
      return () => hasBroken
    },
    freeze: () => {
      state = 'frozen'
    },
    restore: () => {
      if (state === 'frozen') breakAll()
      state = 'open'
      packetsLeft = Number.POSITIVE_INFINITY
    },
    get isCut() {
      return state === 'cut'
    },
  }
}
