// primosync status: the last run, what is stale, what failed, what is stored, when the next tick is due.
import { openSpool } from '../../spool/spool.ts'
import { createSchedule } from '../../sync/schedule.ts'
import {
  type CategoryFreshness,
  readFailures,
  readFreshness,
  readLastRun,
  readStorage,
} from '../../warehouse/status.ts'
import type { Action, Context } from '../command.ts'
import { relativeTime } from '../output.ts'
import { dataFolder, withConfiguredWarehouse } from '../warehouse.ts'

/** As many categories are listed; the stale ones come first. */
const LISTED = 30

export const status: Action<object> = {
  name: 'status',
  summary: 'show the last run, freshness, failures, storage and the next tick',
  examples: ['primosync status', 'primosync status --json'],
  async run(context) {
    const { config, options, output } = context
    const facts = await readFacts(context)
    if (options.json) return output.json(facts)
    if (config.demo) output.print(output.colors.yellow('DEMO DATA: no PRIMOTEXTO_API_KEY is set.'))
    print(context, facts)
  },
}

type Facts = Awaited<ReturnType<typeof readFacts>>

async function readFacts({ config, log }: Context<object>) {
  const spool = await openSpool(dataFolder(config))
  const segments = await spool.list()
  return await withConfiguredWarehouse(config, log, async ({ db }) => ({
    demo: config.demo,
    lastRun: await readLastRun(db),
    nextTickAt: createSchedule(config.syncSchedule, config.reportingTimezone, async () => {}).nextTickAt(),
    schedule: config.syncSchedule,
    spool: { runs: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) },
    storage: await readStorage(db),
    failures: await readFailures(db),
    categories: await readFreshness(db),
  }))
}

function print({ output }: Context<object>, facts: Facts): void {
  const { lastRun, nextTickAt, schedule, spool, storage, failures, categories } = facts
  const now = new Date()
  const ago = (at: Date | null) => (at === null ? 'never' : relativeTime(at, now))
  const stale = categories.filter((category) => category.stale)
  const line = (name: string, text: string) => output.print(`${name.padEnd(12)} ${text}`)
  line(
    'last run',
    lastRun ? `${lastRun.status}, ${ago(lastRun.startedAt)}: ${countsOf(lastRun)}` : 'none yet',
  )
  line('next tick', nextTickAt ? `${ago(nextTickAt)} (${schedule}), while primosync start runs` : 'never')
  line('spool', spool.runs === 0 ? 'empty' : `${spool.runs} runs wait to be stored, ${size(spool.bytes)}`)
  line('storage', `${size(storage.databaseBytes)}, about ${storage.snapshots} snapshots`)
  line(
    'rejected',
    `${storage.rejectedLastDay} answers in 24 hours${storage.rejectedLastDay > 0 ? ' (sync.rejected)' : ''}`,
  )
  line('stale', stale.length === 0 ? 'none' : `${stale.length} of ${categories.length} categories`)
  if (failures.length > 0) {
    output.print('\nfailures of the last 24 hours')
    output.table(failures.slice(0, LISTED), [
      { header: 'category', value: ({ account, category }) => `${account}: ${category}` },
      { header: 'class', value: (failure) => failure.class },
      { header: 'times', value: ({ count }) => count, align: 'right' },
      { header: 'last', value: ({ lastAt }) => ago(lastAt) },
      { header: 'message', value: ({ message }) => message },
    ])
  }
  output.print('')
  if (categories.length === 0) output.print('There is no category yet: primosync category add NAME')
  output.table(categories.slice(0, LISTED), [
    { header: 'account', value: ({ account }) => account },
    { header: 'category', value: ({ category }) => category },
    {
      header: 'state',
      value: (category) => stateOf(category),
      color: (text, { stale }) => (stale ? output.colors.red(text) : text),
    },
    { header: 'last snapshot', value: ({ lastSnapshotAt }) => ago(lastSnapshotAt) },
  ])
  if (categories.length > LISTED)
    output.print(`… and ${categories.length - LISTED} more (select * from sms.freshness)`)
}

const stateOf = ({ state, stale }: CategoryFreshness) => (stale ? `${state}, stale` : state)

function countsOf({ categories, stored, failed, rejected, late }: NonNullable<Facts['lastRun']>): string {
  return `${categories} categories, ${stored} stored, ${failed} failed, ${rejected} rejected, ${late} late`
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}
