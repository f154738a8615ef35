// The account of a command without --account.

import { DEFAULT_ACCOUNT, DEMO_ACCOUNT } from '../config/account-names.ts'
import type { Config } from '../config/load.ts'

/** `isDemo`: whether the command works on a database of demo data. */
export function accountOrDefault(config: Config, named: string | undefined, isDemo: boolean): string {
  return named ?? (isDemo ? DEMO_ACCOUNT : (config.accounts[0]?.name ?? DEFAULT_ACCOUNT))
}
