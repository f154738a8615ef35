// The accounts that ticks ask: those of the settings, or in demo mode the sandbox's.

import { DEMO_ACCOUNT } from '../config/account-names.ts'
import type { Config } from '../config/load.ts'
import { type ClientWatcher, createClient, type RetryOptions } from '../primotexto/client.ts'
import { SANDBOX_CATEGORIES, SANDBOX_SEED } from '../sandbox/lives.ts'
import { SANDBOX_API_KEY, startSandbox } from '../sandbox/server.ts'
import type { Account } from '../sync/tick.ts'

export interface OpenAccounts {
  readonly accounts: readonly Account[]
  close(): Promise<void>
}

/** Starts the built-in sandbox if no key is set. Sends no request yet. `retry`: replaces the client's default. */
export async function openAccounts(
  config: Config,
  { retry, watcher }: { retry?: RetryOptions; watcher?: ClientWatcher } = {},
): Promise<OpenAccounts> {
  const settings = {
    timeoutMs: config.syncTimeoutMs,
    concurrency: config.syncConcurrency,
    ratePerSecond: config.syncRateLimitPerSecond,
    ...(retry && { retry }),
    ...(watcher && { watcher }),
  }
  if (config.demo) {
    const sandbox = await startSandbox({ port: 0, seed: SANDBOX_SEED })
    const client = createClient({ ...settings, apiKey: () => SANDBOX_API_KEY, baseUrl: sandbox.url })
    return {
      accounts: [{ name: DEMO_ACCOUNT, label: null, categories: SANDBOX_CATEGORIES, client }],
      close: async () => {
        await client.close()
        await sandbox.close()
      },
    }
  }
  const { baseUrl, proxies } = config
  const accounts = config.accounts.map(({ name, label, categories, apiKey }): Account => {
    return { name, label, categories, client: createClient({ ...settings, apiKey, baseUrl, proxies }) }
  })
  return {
    accounts,
    close: async () => void (await Promise.all(accounts.map(({ client }) => client.close()))),
  }
}
