// primosync reclassify: a person decides what one snapshot means.
import { hostname, userInfo } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import { sql } from 'kysely'
import { COUNTERS } from '../../counters/names.ts'
import type { Decision } from '../../counters/step.ts'
import { UsageError } from '../../errors.ts'
import { type DayChange, dayChanges, readDays } from '../../read/day-changes.ts'
import { readInstant } from '../../transfer/observed-at.ts'
import { holdTimezone, loadCalendar } from '../../warehouse/calendar.ts'
import { findCategory } from '../../warehouse/registry.ts'
import { decide, readDelta, type ShownDelta, snapshotWithin } from '../../warehouse/series/decisions.ts'
import { argument } from '../arguments.ts'
import type { Action, Context } from '../command.ts'
import { accountOrDefault } from '../default-account.ts'
import type { Output } from '../output.ts'
import { type ConfiguredWarehouse, withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  category: string
  at: number
  as: Decision | 'auto'
  why?: string
  by?: string
  dryRun?: boolean
}

const KINDS = ['reset', 'correction', 'baseline', 'dip', 'auto']

function instantArgument(text: string): number {
  const at = readInstant(text, Date.now())
  if (typeof at !== 'number') throw new InvalidArgumentError(`It ${at.reason}.`)
  return at
}

const textArgument = argument('a text that is not blank', (text) => text.trim() || undefined)

export const reclassify: Action<Options> = {
  examples: [
    'primosync reclassify --category codeConfirmation --at 2026-03-01T12:00:00Z --as correction --dry-run',
    'primosync reclassify --category codeConfirmation --at 2026-03-01T12:00:00Z --as correction --why "the provider recounted"',
    'primosync reclassify --category codeConfirmation --at 2026-03-01T12:00:00Z --as auto --why "it was a reset after all"',
  ],
  configure: (command) =>
    command
      .requiredOption('--category <name>', 'its category, verbatim')
      .requiredOption(
        '--at <instant>',
        'when the snapshot was taken (sms.deltas.observed_at)',
        instantArgument,
      )
      .addOption(
        new Option(
          '--as <kind>',
          'reset: counting began at 0 again; correction: a plain difference; baseline: counting starts afresh, no change; dip: the snapshot is left out; auto: the rules decide',
        )
          .choices(KINDS)
          .makeOptionMandatory(),
      )
      .option('--why <text>', 'the reason, for those who ask later', textArgument)
      .option('--by <name>', 'who decides (default: the user at this machine)', textArgument)
      .option('--account <name>', 'the account of the category')
      .option('--dry-run', 'show which days would change, and by how much; record nothing'),
  async run(context) {
    const { config, options, output, log } = context
    if (options.why === undefined && !options.dryRun)
      throw new UsageError('The reason is missing.', {
        hint: 'Add --why TEXT, for those who ask later, or --dry-run to see what would change.',
      })
    const { account, at, before, after, days } = await withConfiguredWarehouse(config, log, (warehouse) =>
      decideIn(warehouse, context),
    )
    const by = byWhom(options)
    if (options.json)
      return output.json({
        account,
        category: options.category,
        observed_at: new Date(at),
        decided_as: options.as,
        decided_by: by,
        why: options.why ?? null,
        dry_run: options.dryRun ?? false,
        before,
        after,
        days,
      })
    const instant = new Date(at).toISOString()
    output.print(
      options.dryRun
        ? `The snapshot of ${instant}, if it were decided as ${options.as} (nothing is recorded):`
        : `The snapshot of ${instant}, decided by ${by} as ${options.as}:`,
    )
    output.table(
      ['kind', ...COUNTERS].map((name) => name as keyof ShownDelta),
      [
        { header: '', value: (name) => name },
        { header: 'before', value: (name) => shown(before, name), align: 'right' },
        { header: options.dryRun ? 'then' : 'now', value: (name) => shown(after, name), align: 'right' },
      ],
    )
    showDays(output, days)
  },
}

const MOST_DAYS = 30

function showDays(output: Output, changes: readonly DayChange[]): void {
  output.print(changes.length === 0 ? '\nNo day changes.' : '')
  if (changes.length === 0) return
  output.table(changes.slice(0, MOST_DAYS), [
    { header: 'day', value: ({ day }) => day },
    { header: 'metric', value: ({ metric }) => metric },
    { header: 'before', value: ({ before }) => String(before ?? '–'), align: 'right' },
    { header: 'after', value: ({ after }) => String(after ?? '–'), align: 'right' },
    { header: 'change', value: ({ change }) => String(change ?? '–'), align: 'right' },
  ])
  if (changes.length > MOST_DAYS) output.print(`and ${changes.length - MOST_DAYS} more; --json has all`)
}

async function decideIn(warehouse: ConfiguredWarehouse, { config, options }: Context<Options>) {
  const { db } = warehouse
  const account = accountOrDefault(config, options.account, warehouse.isDemo)
  const category = await findCategory(db, account, options.category)
  const at = await snapshotWithin(db, category, options.at)
  const calendar = await loadCalendar(db, Date.now(), Date.now()) // it covers every stored snapshot
  return await warehouse.transaction(async (tx) => {
    await holdTimezone(tx.db, config.reportingTimezone)
    const before = { delta: await readDelta(tx.db, category, at), days: await readDays(tx, category) }
    const decision = { as: options.as, by: byWhom(options), why: options.why ?? 'a dry run' }
    await sql`savepoint undecided`.execute(tx.db)
    await decide(tx, calendar, { categoryId: category.id, observedAt: at, ...decision })
    const after = { delta: await readDelta(tx.db, category, at), days: await readDays(tx, category) }
    if (options.dryRun) await sql`rollback to savepoint undecided`.execute(tx.db)
    const days = dayChanges(before.days, after.days)
    return { account: category.account, at, before: before.delta, after: after.delta, days }
  })
}

const byWhom = ({ by }: Options) => by ?? `${userName()}@${hostname()}`

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}` // in a container, a user without a name
  }
}

const shown = (delta: ShownDelta | null, name: keyof ShownDelta) =>
  delta === null ? (name === 'kind' ? 'no delta' : null) : String(delta[name] ?? '–')
