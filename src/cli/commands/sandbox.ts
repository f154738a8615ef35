// primosync sandbox: a stand-in for the provider's API, for trying and testing.

import { once } from 'node:events'
import { wholeNumber } from '../../config/readers.ts'
import { type FaultRates, parseFaults } from '../../sandbox/faults.ts'
import { SANDBOX_SEED } from '../../sandbox/lives.ts'
import { SANDBOX_API_KEY, startSandbox } from '../../sandbox/server.ts'
import { argument, durationArgument, portArgument } from '../arguments.ts'
import type { Action } from '../command.ts'
import { stopSignal } from '../stop-signal.ts'

interface Options {
  port: number
  seed: number
  latency: number
  faults?: FaultRates
}

const seedArgument = argument('a whole number below 2^32', wholeNumber(0, 2 ** 32 - 1))

export const sandbox: Action<Options> = {
  examples: ['primosync sandbox', 'primosync sandbox --port 0 --latency 50ms --faults 500=0.02,429=0.01'],

  configure: (command) =>
    command
      .option('--port <port>', 'where to listen; 0: any free port', portArgument, 8085)
      .option('--seed <number>', 'the seed of its made-up numbers', seedArgument, SANDBOX_SEED)
      .option('--latency <duration>', 'how long each answer takes', durationArgument, 0)
      .option(
        '--faults <rates>',
        'faults and how often they occur, such as 500=0.02,timeout=0.005',
        parseFaults,
      ),

  async run({ config, options, output }) {
    const { port, seed, latency: latencyMs, faults, json } = options
    const stop = stopSignal()
    const api = await startSandbox({
      port,
      host: config.httpHost,
      seed,
      latencyMs,
      ...(faults && { faults }),
    })
    if (json) output.json({ url: api.url, port: api.port, api_key: SANDBOX_API_KEY })
    else output.print(`sandbox API  ${api.url}\nAPI key      ${SANDBOX_API_KEY}\nCtrl-C stops it.`)
    if (!stop.aborted) await once(stop, 'abort')
    await api.close()
  },
}
