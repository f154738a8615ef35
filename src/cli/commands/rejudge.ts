// primosync rejudge: rejected answers get another hearing by today's rules.
import { readPeriod } from '../../read/export.ts'
import { listSeries } from '../../warehouse/registry.ts'
import { type Rejudged, rejudge as rejudgeAnswers } from '../../warehouse/rejudge.ts'
import { edgesOf, timeArgument } from '../asked-range.ts'
import { chosenCategories } from '../chosen-categories.ts'
import type { Action } from '../command.ts'
import { plural } from '../status-report.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  category?: string[]
  since?: string
  dryRun?: boolean
}

/** As many reasons are listed. */
const LISTED = 10

export const rejudge: Action<Options> = {
  examples: [
    'primosync rejudge --dry-run',
    'primosync rejudge --category codeConfirmation --since 2026-03-01',
  ],
  configure: (command) =>
    command
      .option('--account <name>', 'only this account')
      .option('--category <names...>', 'only these categories, verbatim')
      .option(
        '--since <time>',
        'only answers from this day (2026-03-01, yesterday) or instant on',
        timeArgument,
      )
      .option('--dry-run', 'say what would be stored, and change nothing'),
  async run({ config, options, output, log }) {
    const dryRun = options.dryRun === true
    const rejudged = await withConfiguredWarehouse(config, log, async (warehouse) => {
      const chosen = await chosenCategories(warehouse.db, options.account, options.category)
      const all = options.category ? chosen : await listSeries(warehouse.db, options.account) // accounts' own, too
      const since = edgesOf(
        options.since === undefined ? {} : { from: options.since },
        config.reportingTimezone,
        new Date(),
      )
      const { from } = await readPeriod(warehouse.db, since.from, undefined)
      return await rejudgeAnswers(warehouse, {
        timezone: config.reportingTimezone,
        categoryIds: all.map(({ id }) => id),
        since: new Date(from),
        dryRun,
      })
    })
    if (options.json) return output.json({ dry_run: dryRun, ...rejudged })
    output.print(linesOf(rejudged, dryRun).join('\n'))
  },
}

function linesOf({ answers, stored, already_stored: already, kept }: Rejudged, dryRun: boolean): string[] {
  if (answers === 0) return ['No rejected answer waits for another hearing.']
  const rest = kept.slice(LISTED).reduce((sum, row) => sum + row.answers, 0)
  return [
    `${plural(answers, 'rejected answer')} read again: ${stored} ${dryRun ? 'would be stored' : 'stored'}.`,
    ...(already > 0 ? [`${already} had been stored meanwhile.`] : []),
    ...kept.slice(0, LISTED).map((row) => `${row.answers} rejected still: ${row.reason}`),
    ...(rest > 0 ? [`${rest} rejected still, for other reasons`] : []),
  ]
}
