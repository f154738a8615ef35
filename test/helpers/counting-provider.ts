// A stand-in for the provider whose totals grow with each answer, so that every answer is unique and can be found in
// the warehouse.

import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { answer, categoryOf } from '../primotexto/provider.ts'

export interface CountingProvider {
  readonly baseUrl: string
  /** `category sent` of each answer, in order; without a category: of the account itself. */
  readonly served: readonly string[]
  /** The categories that were asked for, in order, answered or not. */
  readonly asked: readonly string[]
  /** Sets how requests are answered from now on; `give` sends the next total. Undefined restores the default. */
  respond(how: ((category: string, response: ServerResponse, give: () => void) => void) | undefined): void
}

/** Starts the provider. It is closed after the test. */
export async function startCountingProvider(): Promise<CountingProvider> {
  const served: string[] = []
  const asked: string[] = []
  let sent = 0
  let how: ((category: string, response: ServerResponse, give: () => void) => void) | undefined
  const listener: RequestListener = (request, response) => {
    const category = categoryOf(request) ?? ''
    asked.push(category)
    const give = () => {
      sent += 1
      served.push(`${category} ${sent}`)
      answer(
        response,
        200,
        JSON.stringify({
          sent,
          delivered: sent,
          ...(category === '' ? { credits: 1_000_000 - sent } : { timespent: 1.5 }),
        }),
      )
    }
    if (how) how(category, response, give)
    else give()
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v2`,
    served,
    asked,
    respond: (next) => {
      how = next
    },
  }
}
