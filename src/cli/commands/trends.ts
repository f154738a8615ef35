// primosync trends: growth by hour, day, week or month, for a person or for another program.
import { Option } from 'commander'
import { stringify } from 'csv-stringify/sync'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { GRAINS, type Grain } from '../../counters/grains.ts'
import { UsageError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { METRICS, type MetricName } from '../../read/metrics.ts'
import { readReviews, reviewCommand } from '../../read/reviews.ts'
import { readExpectedEverySeconds } from '../../read/schedule.ts'
import {
  type Edge,
  FACTS,
  readTrends,
  type Trend,
  type TrendRange,
  type TrendsQuery,
  trendObject,
} from '../../read/trends.ts'
import { safeJson } from '../../terminal-text.ts'
import { safeCell } from '../../transfer/formula-guard.ts'
import type { Db } from '../../warehouse/pool.ts'
import type { Category } from '../../warehouse/registry.ts'
import { edgesOf, lastArgument, timeArgument } from '../asked-range.ts'
import { chosenCategories } from '../chosen-categories.ts'
import type { Action, Context } from '../command.ts'
import type { Output } from '../output.ts'
import { rangeOf } from '../trend-range.ts'
import { type Marks, printTrendTable } from '../trend-table.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  category?: string[]
  by: Grain
  from?: string
  to?: string
  last?: string
  metric?: MetricName[]
  format?: 'table' | 'csv' | 'json' | 'ndjson'
}

interface Question {
  readonly db: Db
  readonly query: TrendsQuery
  readonly categories: readonly Category[]
  /** The metrics that were asked for; null: none, so the usual ones. */
  readonly chosen: readonly MetricName[] | null
}

export const trends: Action<Options> = {
  examples: [
    'primosync trends',
    'primosync trends --last 30d',
    'primosync trends --category codeConfirmation --by week --metric sent delivery_rate',
    'primosync trends --by hour --from 2026-03-01 --to 2026-03-02 --format csv',
  ],
  configure: (command) =>
    command
      .option('--account <name>', 'only this account')
      .option('--category <names...>', 'only these categories, verbatim')
      .addOption(new Option('--by <grain>', 'the time that a row covers').choices(GRAINS).default('day'))
      .option('--last <time>', 'the time up to now, such as 30d, 4 weeks or 24 hours', lastArgument)
      .option('--from <time>', 'first day (2026-03-01, yesterday), month (2026-03) or instant', timeArgument)
      .option('--to <time>', 'last day or month, included, or an instant, excluded', timeArgument)
      .option('--metric <names...>', 'only these metrics (select metric, description from sms.metrics)')
      .addOption(
        new Option('--format <format>', 'table, or plain rows: rates as fractions, gaps in seconds').choices([
          'table',
          'csv',
          'json',
          'ndjson',
        ]),
      )
      .addHelpText('after', NOTES),
  async run(context) {
    const { config, options, log } = context
    refuseUnknownMetrics(options.metric)
    await withConfiguredWarehouse(config, log, async ({ db }) => {
      const chosen = options.metric ?? null
      const question: Question = {
        db,
        categories: await chosenCategories(db, options.account, options.category),
        query: { ...rangeAsked(options, config.reportingTimezone), metrics: chosen ?? METRICS },
        chosen,
      }
      const format = options.format ?? (options.json ? 'json' : 'table')
      await (format === 'table' ? printTables(context, question) : printRows(context, question, format))
    })
  },
}

function rangeAsked(options: Options, timezone: string): TrendRange {
  const now = new Date()
  return rangeOf({ by: options.by, ...edgesOf(options, timezone, now) }, timezone, now)
}

const NOTES = `
Every bucket that reaches into the range is shown whole. Without --from: 24 hours, 14 days, 12 weeks or
12 months. Days are those of the reporting time zone. In the table "–" means unknown, "~" marks a bucket with a
wide gap between snapshots (what grew in a gap is spread evenly over it), and "…" one that begins before the first
snapshot or is not over yet. Rates of the total line are rates of the totals. Metrics that are zero or unknown
throughout are left out unless they are asked for.`

function refuseUnknownMetrics(chosen: readonly string[] = []): void {
  const unknown = chosen.find((name) => !(METRICS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new UsageError(`There is no metric ${JSON.stringify(unknown)}.`, {
      hint: `There is: ${METRICS.join(', ')}.`,
    })
}

async function printTables({ config, output }: Context<Options>, question: Question): Promise<void> {
  const { db, query, categories, chosen } = question
  const expectedEverySeconds = await readExpectedEverySeconds({ db })
  let shown = 0
  let marks: Marks = { hasGaps: false, hasParts: false }
  for (const category of categories) {
    const trends = await Array.fromAsync(readTrends({ db }, { ...query, metrics: METRICS }, category))
    if (trends.length === 0) continue
    if (shown > 0) output.print('')
    shown += 1
    const { hasGaps, hasParts } = printTrendTable(output, {
      heading: headingOf(category),
      by: query.by,
      chosen,
      trends,
      timezone: config.reportingTimezone,
      expectedEverySeconds,
    })
    await printReviews(output, question, category, trends)
    marks = { hasGaps: marks.hasGaps || hasGaps, hasParts: marks.hasParts || hasParts }
  }
  if (shown === 0) output.print(nothingIn(question))
  if (marks.hasGaps || marks.hasParts) output.print('')
  if (marks.hasGaps) output.print('~ a wide gap between snapshots; what grew in it is spread evenly over it')
  if (marks.hasParts) output.print('… only in part between the first and the newest snapshot')
}

const MOST_REVIEWS = 3

/** How to look at the resets and corrections in the table that nobody has decided about yet. */
async function printReviews(
  output: Output,
  { db, query: { by } }: Question,
  category: Category,
  trends: readonly Trend[],
): Promise<void> {
  if (trends.every(({ corrections, resets }) => corrections + resets === 0)) return
  const [first, last] = [trends[0]!.bucket, trends.at(-1)!.bucket]
  for (const review of await readReviews({ db }, category, { by, first, last }, MOST_REVIEWS)) {
    output.print(
      `a ${review.kind} on ${review.observed_at.toISOString()}; what another decision would change:`,
    )
    output.print(`  ${reviewCommand(category, review)}`)
  }
}

const headingOf = ({ account, category, label }: Category) =>
  `${category}${label === null ? '' : ` (${label})`}, account ${account}${account === DEMO_ACCOUNT ? ': demo data' : ''}`

function nothingIn({ categories, query }: Question): string {
  if (categories.length === 0) return `There is no category yet. Add one: ${PROGRAM} category add NAME`
  return `There are no trends from ${edgeText(query.from)} to ${edgeText(query.to)}. The first and the newest snapshot of each category are in sms.categories.`
}

const edgeText = (edge: Edge) => (edge instanceof Date ? edge.toISOString() : edge)

/** One flat object a bucket, printed as it comes from the database: nothing is gathered. */
async function printRows(
  { output }: Context<Options>,
  { db, query, categories }: Question,
  format: 'csv' | 'json' | 'ndjson',
): Promise<void> {
  if (format === 'csv') output.print(csvLine(['account', 'category', query.by, ...query.metrics, ...FACTS]))
  let isFirst = true
  for (const category of categories) {
    for await (const trend of readTrends({ db }, query, category)) {
      const { account, category: name, ...rest } = trendObject(query, category, trend)
      // account and category are free texts, so they are guarded against being read as formulas
      if (format === 'csv') output.print(csvLine([safeCell(account), safeCell(name), ...Object.values(rest)]))
      else {
        const json = safeJson(JSON.stringify({ account, category: name, ...rest }))
        output.print(`${format === 'ndjson' ? '' : isFirst ? '[' : ','}${json}`)
      }
      isFirst = false
    }
  }
  if (format === 'json') output.print(isFirst ? '[]' : ']')
}

function csvLine(cells: readonly unknown[]): string {
  const texts = cells.map((cell) =>
    typeof cell === 'string' ? cell : cell === null ? '' : JSON.stringify(cell),
  )
  return stringify([texts], { eof: false })
}
