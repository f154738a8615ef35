// primosync rebuild: derives deltas and trends anew, also for another reporting zone.

import type { Config } from '../../config/load.ts'
import type { Logger } from '../../logging.ts'
import { reportingTimezone, settleTimezone } from '../../warehouse/calendar.ts'
import { migrate } from '../../warehouse/migrate.ts'
import { rebuild as rebuildWarehouse } from '../../warehouse/proof/rebuild.ts'
import { categoryProgress } from '../category-progress.ts'
import type { Action } from '../command.ts'
import { connectWarehouse } from '../warehouse.ts'

interface Options {
  timezone?: string
}

export const rebuild: Action<Options> = {
  examples: ['primosync rebuild', 'primosync rebuild --timezone Europe/Lisbon'],
  configure: (command) =>
    command.option('--timezone <zone>', 'the zone to cut days in from now on, such as Europe/Lisbon'),
  async run({ config, options, output, log }) {
    const rebuilt = await rebuildIn(config, log, options.timezone)
    const { timezone, previousTimezone, categories, rows } = rebuilt
    if (options.json) return output.json({ timezone, previous_timezone: previousTimezone, categories, rows })
    const days = timezone === previousTimezone ? '' : `, now with the days of ${timezone}`
    output.print(
      rows === 0
        ? `Nothing had to be changed in ${categories} categories.`
        : `Derived ${categories} categories anew${days}; rows changed: ${rows}.`,
    )
    if (timezone !== config.reportingTimezone)
      output.print(`Set REPORTING_TIMEZONE=${timezone} before primosync is used again.`)
  },
}

/** The time zone of the settings is not checked: during a change of zone it may be the old one or the new one. */
async function rebuildIn(config: Config, log: Logger, timezone: string | undefined) {
  const warehouse = await connectWarehouse(config, log)
  try {
    await migrate(warehouse.db)
    if ((await reportingTimezone(warehouse.db)) === null)
      await settleTimezone(warehouse, timezone ?? config.reportingTimezone)
    return await categoryProgress('rebuilding', (progress) =>
      rebuildWarehouse(warehouse, { timezone, ...progress }),
    )
  } finally {
    await warehouse.close()
  }
}
