// A provider that misbehaves in every way, and records each complete answer with status 200. The totals count the
// answers, so that each one is unique.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Dice } from './dice.ts'
import { WAYS, type Way } from './ways.ts'

export interface Answered {
  /** Unique over all answers. */
  readonly total: number
  /** The program that asked. */
  readonly program: string
  /** Empty: the account itself. */
  readonly category: string
  /** What was wrong at the time: the way of the answer, or else the fault that was active. */
  readonly during: string
  /** When the last byte was passed to the network; epoch milliseconds. */
  readonly endedAt: number
  /** When the program broke the connection without a further request on it; null if it did not. */
  droppedAt: number | null
}

export interface Api {
  readonly port: number
  readonly answered: readonly Answered[]
  /** How often each way was used. */
  readonly gone: ReadonlyMap<string, number>
  /** How many requests of a program wait for the end of their answer. */
  underWay(program: string): number
  /** The fault that is active now. */
  during: string
  /** Ways to answer, and the share of requests that they apply to. */
  mix: { ways: readonly Way[]; part: number } | null
  /** The categories that always get a way of their own. */
  sick: ReadonlyMap<string, Way>
  /** The delay of each answer. */
  holdMs: number
  /** The only API key that is accepted; null: any. */
  key: string | null
  /** Resolves at the next request, or at the next complete answer. */
  next(what: 'request' | 'answer'): Promise<void>
  close(): void
}

export async function openApi(dice: Dice): Promise<Api> {
  const answered: Answered[] = []
  const gone = new Map<string, number>()
  const decks = new Map<readonly Way[], Way[]>()
  const lastOn = new WeakMap<Socket, Answered>()
  const waiting: Record<'request' | 'answer', (() => void)[]> = { request: [], answer: [] }
  const open = new Map<string, number>()
  let total = 0

  /** Deals each way of a list once before any is dealt again. */
  const deal = (ways: readonly Way[]): Way => {
    const left = decks.get(ways) ?? []
    if (left.length === 0) left.push(...dice.shuffled(ways))
    decks.set(ways, left)
    return left.pop()!
  }
  const tell = (what: 'request' | 'answer') => {
    for (const resolve of waiting[what].splice(0)) resolve()
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    lastOn.delete(socket)
    const [, program = '', category = ''] =
      /^\/([^/]+)\/v2\/(?:account\/stats|messages\/stats\?category=(.*))$/.exec(request.url ?? '') ?? []
    open.set(program, (open.get(program) ?? 0) + 1)
    response.on('close', () => open.set(program, open.get(program)! - 1))
    tell('request')
    const refused = api.key !== null && request.headers['x-primotexto-apikey'] !== api.key
    const bent = api.mix && dice.happens(api.mix.part) ? deal(api.mix.ways) : null
    const sick = api.sick.get(decodeURIComponent(category))
    const way = refused ? WAYS.revoked : (sick ?? bent ?? WAYS.plain)
    const name = (bent || sick) && !refused ? way.name : api.during
    if (bent || sick || refused) gone.set(way.name, (gone.get(way.name) ?? 0) + 1)
    total += 1
    const id = total
    response.on('finish', () => {
      if (response.statusCode !== 200 || !way.counts) return
      const answer: Answered = {
        total: id,
        program,
        category: decodeURIComponent(category),
        during: name,
        endedAt: Date.now(),
        droppedAt: null,
      }
      answered.push(answer)
      lastOn.set(socket, answer)
      tell('answer')
    })
    setTimeout(() => {
      if (!socket.destroyed) way.answer(response, id, dice)
    }, api.holdMs)
  })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('close', () => {
      const answer = lastOn.get(socket)
      if (answer) answer.droppedAt = Date.now()
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api: Api = {
    port: (server.address() as AddressInfo).port,
    answered,
    gone,
    underWay: (program) => open.get(program) ?? 0,
    during: 'calm',
    mix: null,
    sick: new Map(),
    holdMs: 0,
    key: null,
    next: (what) => new Promise((resolve) => waiting[what].push(resolve)),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return api
}
