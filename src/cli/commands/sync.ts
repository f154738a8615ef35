// primosync sync: one tick, for an outside scheduler.
import { hostname } from 'node:os'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { UsageError } from '../../errors.ts'
import { openSpool } from '../../spool/spool.ts'
import { tick } from '../../sync/tick.ts'
import { openAccounts } from '../accounts.ts'
import type { Action } from '../command.ts'
import { keepPrepared } from '../preparation.ts'
import { stopSignal } from '../stop-signal.ts'
import { describeReport, exitCodeOf, reportObject } from '../tick-report.ts'
import { connectWarehouse, dataFolder, TICK_SILENCE_MS } from '../warehouse.ts'

interface Options {
  account?: string
  category?: string[]
}

export const sync: Action<Options> = {
  examples: ['primosync sync', 'primosync sync --account default --category codeConfirmation "Rappels RDV"'],

  configure: (command) =>
    command
      .option('--account <name>', 'only this account')
      .option('--category <names...>', 'only these categories'),

  async run({ config, options, output, log }) {
    const known = config.demo ? [DEMO_ACCOUNT] : config.accounts.map(({ name }) => name)
    if (options.account !== undefined && !known.includes(options.account)) {
      throw new UsageError(`There is no account ${JSON.stringify(options.account)} in the settings.`, {
        hint: `There is: ${known.join(', ')}.`,
      })
    }
    const stop = stopSignal()
    const spool = await openSpool(dataFolder(config))
    const warehouse = await connectWarehouse(config, log, {
      mayBeAway: true,
      silenceMs: TICK_SILENCE_MS,
      wanted: 'demo',
    })
    try {
      const open = await openAccounts(config)
      try {
        const report = await tick(
          {
            accounts: open.accounts,
            warehouse,
            spool,
            log,
            replayGraceMs: null,
            retentionMs: config.snapshotRetentionMs,
            accountStats: config.syncAccountStats,
            timezone: config.reportingTimezone,
            holder: `${hostname()}, process ${process.pid}`,
            prepare: keepPrepared(warehouse, config, log),
          },
          { trigger: 'manual', scheduledAt: null, account: options.account, categories: options.category },
          stop,
        )
        if (options.json) output.json(report && reportObject(report))
        else output.print(describeReport(report, config.demo))
        return exitCodeOf(report)
      } finally {
        await open.close()
      }
    } finally {
      await warehouse.close()
    }
  },
}
