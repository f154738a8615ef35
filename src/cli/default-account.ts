// The account of a command without --account.

import { DEFAULT_ACCOUNT, DEMO_ACCOUNT } from '../config/account-names.ts'
import type { Config } from '../config/load.ts'
import { UsageError } from '../errors.ts'

/**
 * `isDemo`: whether the command works on a database of demo data. Throws a UsageError if no account is named and the
 * settings have several.
 */
export function accountOrDefault(config: Config, named: string | undefined, isDemo: boolean): string {
  if (named !== undefined) return named
  if (isDemo) return DEMO_ACCOUNT
  const accounts = config.accounts.map(({ name }) => name)
  if (accounts.length > 1)
    throw new UsageError('The settings have several accounts, and it is not said which one is meant.', {
      hint: `Add --account and one of: ${accounts.join(', ')}.`,
    })
  return accounts[0] ?? DEFAULT_ACCOUNT
}
