// primosync demo remove: takes demo data out of a database that holds them beside real ones.
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { removeAccount } from '../../warehouse/remove-account.ts'
import type { Group, NamedAction } from '../command.ts'
import { plural } from '../status-report.ts'
import { dataFolder, withConfiguredWarehouse } from '../warehouse.ts'

const remove: NamedAction<{ dryRun?: boolean }> = {
  name: 'remove',
  summary: `remove the account ${DEMO_ACCOUNT} with all its data from the database that the settings name`,
  examples: ['primosync demo remove --dry-run', 'primosync demo remove'],
  configure: (command) => command.option('--dry-run', 'say what would be removed, and change nothing'),
  async run({ config, options, output, log }) {
    if (config.demo && config.databaseUrl === null) {
      const folder = dataFolder(config)
      if (options.json) return output.json({ dry_run: true, removed: null, folder })
      return output.print(
        `The demo of the embedded PostgreSQL has a folder of its own: once no primosync runs, remove ${folder}.`,
      )
    }
    const dryRun = options.dryRun ?? false
    const removed = await withConfiguredWarehouse(
      config,
      log,
      (warehouse) => removeAccount(warehouse, DEMO_ACCOUNT, { dryRun }),
      'named',
    )
    if (options.json) return output.json({ dry_run: dryRun, removed, folder: null })
    if (removed === null) return output.print('There are no demo data in this database.')
    const { categories, snapshots, decisions, failures, rejected, runs } = removed
    output.print(
      [
        `${dryRun ? 'Would be removed' : 'Removed'} with the account ${DEMO_ACCOUNT}: ${plural(categories, 'category', 'categories')}`,
        plural(snapshots, 'snapshot'),
        plural(decisions, 'decision'),
        plural(failures, 'failure'),
        plural(rejected, 'rejected answer'),
        `${plural(runs, 'run')}.`,
      ].join(', '),
    )
    if (!dryRun) output.print('sync.prunes says so, too. What belongs to other accounts is as it was.')
  },
}

export const demo: Group = {
  examples: ['primosync demo remove --dry-run'],
  commands: [remove],
}
