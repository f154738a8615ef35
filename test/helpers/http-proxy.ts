// A proxy as companies have it: CONNECT for https, whole addresses for http, and a password where it wants one.
import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface HttpProxy {
  readonly port: number
  /** What it was asked for: `CONNECT host:port`, or `GET http://…`. */
  readonly asked: string[]
  /** The answer to each CONNECT, unless it is 200. */
  status: number
  /** Breaks all connections, and takes no new ones. */
  die(): Promise<void>
  /** Takes connections again, on the same port. */
  comeBack(): Promise<void>
}

/** Starts a proxy. `credentials`: `user:password`, which it then demands. */
export async function openHttpProxy(credentials?: string): Promise<HttpProxy> {
  const sockets = new Set<Socket>()
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  const server = createServer((request, response) => {
    proxy.asked.push(`${request.method} ${request.url}`)
    if (wanted && request.headers['proxy-authorization'] !== wanted) {
      response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="test"' }).end('no')
      return
    }
    const { 'proxy-authorization': _secret, ...headers } = request.headers
    const onwards = ask(request.url!, { method: request.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onwards.on('error', () => response.destroy())
    request.pipe(onwards)
  })
  server.on('connect', (request, socket: Socket) => {
    proxy.asked.push(`CONNECT ${request.url}`)
    const isWelcome = !wanted || request.headers['proxy-authorization'] === wanted
    const status = isWelcome ? proxy.status : 407
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} no\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const [host, port] = request.url!.split(':')
    const upstream = connect(Number(port), host)
    for (const end of [socket, upstream]) end.on('error', () => end.destroy())
    upstream.on('connect', () => {
      socket.write('HTTP/1.1 200 go on\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('close', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const proxy: HttpProxy = {
    port,
    asked: [],
    status: 200,
    async die() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    comeBack: () => listen(port),
  }
  return proxy
}
