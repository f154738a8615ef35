// primosync grant: the role that analysts read with.
import pg from 'pg'
import { grantReader } from '../../warehouse/grant.ts'
import type { Action } from '../command.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

export const grant: Action<object> = {
  examples: ['primosync grant sms_reader'],
  configure: (command) =>
    command.argument('<role>', 'its name; a role that does not exist is created without a login'),
  async run({ config, options, args, output, log }) {
    const role = args[0] as string
    const { created } = await withConfiguredWarehouse(config, log, ({ db }) => grantReader(db, role))
    const toLogin = `grant ${pg.escapeIdentifier(role)} to "the login of your BI tool"`
    if (options.json) return output.json({ role, created, to_login: toLogin })
    output.print(
      `${JSON.stringify(role)} ${created ? 'was created and can' : 'can'} read schemas sms and sync. To let a login use it:\n  ${toLogin};`,
    )
  },
}
