// primosync doctor: checks everything that has to work, a line each, with what to do.
import { join } from 'node:path'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { demoDatabaseOf } from '../../config/demo-url.ts'
import { checkAccount, checkAccountStats, checkClock } from '../../doctor/api.ts'
import { checkDemo, checkEmpty } from '../../doctor/categories.ts'
import { checkDatabase } from '../../doctor/database.ts'
import { checkDisk } from '../../doctor/disk.ts'
import { type Finding, ill, well } from '../../doctor/finding.ts'
import { checkNetwork } from '../../doctor/network.ts'
import { PrimosyncError, reasonOf } from '../../errors.ts'
import { listWaiting } from '../../read/waiting.ts'
import { rememberedTargets } from '../../sync/targets.ts'
import { openAccounts } from '../accounts.ts'
import type { Action, Context } from '../command.ts'
import { connectWarehouse, dataFolder } from '../warehouse.ts'

export const doctor: Action<object> = {
  examples: ['primosync doctor', 'primosync doctor --json'],
  async run(context) {
    const { options, output } = context
    const findings = [settings(context), ...(await lookAtApi(context)), ...(await lookAtStorage(context))]
    const isWell = findings.every(({ ok }) => ok)
    if (options.json) output.json({ ok: isWell, findings })
    else for (const finding of findings) print(context, finding)
    return isWell ? undefined : 1
  },
}

function settings({ config }: Context<object>): Finding {
  if (config.demo) {
    const { databaseUrl: url } = config
    const where =
      url === null ? '' : `, in a database of its own: ${JSON.stringify(demoDatabaseOf(url).name)}`
    return well('settings', `valid; no PRIMOTEXTO_API_KEY, so this is the demo${where}`)
  }
  return well('settings', `valid; accounts: ${config.accounts.map(({ name }) => name).join(', ')}`)
}

async function lookAtApi({ config }: Context<object>): Promise<Finding[]> {
  const open = await openAccounts(config, { retry: { retries: 0, minDelayMs: 0, maxDelayMs: 0 } })
  try {
    const targets = await rememberedTargets(open.accounts, join(dataFolder(config), 'spool'))
    const accounts = open.accounts.map(({ name, client }) =>
      checkAccount(
        name,
        client,
        targets.find(({ account }) => account === name),
      ),
    )
    const stats = config.syncAccountStats
      ? open.accounts.map(({ name, client }) => checkAccountStats(name, client))
      : []
    if (config.demo) return await Promise.all([...accounts, ...stats])
    const { baseUrl, syncTimeoutMs: timeoutMs, proxies } = config
    const clock = checkClock(baseUrl, { timeoutMs, proxies })
    return [checkNetwork(baseUrl, config), ...(await Promise.all([clock, ...accounts, ...stats]))]
  } finally {
    await open.close()
  }
}

/** The database, and the data folder with what waits there for it. */
async function lookAtStorage({ config, log }: Context<object>): Promise<Finding[]> {
  const folder = dataFolder(config)
  try {
    const warehouse = await connectWarehouse(config, log)
    try {
      const database = await checkDatabase(warehouse, config.reportingTimezone)
      const isUsable = database.every(({ ok }) => ok)
      const empty = isUsable ? await checkEmpty(warehouse.db) : []
      const demo = isUsable && !warehouse.isDemo ? await checkDemo(warehouse.db, DEMO_ACCOUNT) : []
      return [
        ...database,
        ...empty,
        ...demo,
        ...(await checkDisk(folder, (spool) => listWaiting(spool, warehouse.db))),
      ]
    } finally {
      await warehouse.close()
    }
  } catch (error) {
    const advice = error instanceof PrimosyncError ? error.hint : null
    const database = ill(
      'database',
      reasonOf(error),
      advice ?? 'See the log of the embedded PostgreSQL in the data folder.',
    )
    return [database, ...(await checkDisk(folder, (spool) => spool.list()))]
  }
}

function print({ output }: Context<object>, { subject, ok, found, advice }: Finding): void {
  const { green, red } = output.colors
  output.print(`${ok ? green('ok  ') : red('FAIL')}  ${subject.padEnd(16)}  ${found}`)
  if (advice !== null) output.print(`      ${''.padEnd(16)}  → ${advice}`)
}
