// The account of a command without --account.

import { DEMO_ACCOUNT } from '../config/account-names.ts'
import type { Config } from '../config/load.ts'

export function accountOrDefault(config: Config, named: string | undefined): string {
  return named ?? (config.demo ? DEMO_ACCOUNT : (config.accounts[0]?.name ?? 'default'))
}
