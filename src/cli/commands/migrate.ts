// primosync migrate: creates or upgrades the schema.

import { asAway } from '../../warehouse/away.ts'
import { migrationStatus, migrate as runMigrations } from '../../warehouse/migrate.ts'
import type { Action } from '../command.ts'
import { connectWarehouse, prepareWarehouse } from '../warehouse.ts'

export const migrate: Action<{ status?: boolean }> = {
  examples: ['primosync migrate', 'primosync migrate --status'],

  configure: (command) => command.option('--status', 'only show which migrations have run'),

  async run({ config, options, output, log }) {
    const warehouse = await connectWarehouse(config, log, { wanted: 'named' })
    try {
      if (options.status) {
        const migrations = await migrationStatus(warehouse.db)
        if (options.json)
          return output.json(migrations.map(({ name, executedAt }) => ({ name, executed_at: executedAt })))
        return output.table(migrations, [
          { header: 'migration', value: ({ name }) => name },
          { header: 'run at', value: ({ executedAt }) => executedAt?.toISOString() ?? 'not yet' },
        ])
      }
      const ran = await runMigrations(warehouse.db)
      await prepareWarehouse(warehouse, config)
      if (options.json) output.json({ ran })
      else output.print(ran.length === 0 ? 'The schema is up to date.' : `Migrated: ${ran.join(', ')}.`)
    } catch (error) {
      throw asAway(error)
    } finally {
      await warehouse.close()
    }
  },
}
