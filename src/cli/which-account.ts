// The account that a command means where none is named.
import type { Config } from '../config/load.ts'
import { DEMO_ACCOUNT } from '../sync/demo.ts'

export function accountOf(config: Config, named: string | undefined): string {
  return named ?? (config.demo ? DEMO_ACCOUNT : (config.accounts[0]?.name ?? 'default'))
}
