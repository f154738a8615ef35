// primosync trends: growth by hour, day, week or month, for a person or for another program.
import { InvalidArgumentError, Option } from 'commander'
import { stringify } from 'csv-stringify/sync'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { UsageError } from '../../errors.ts'
import { safeJson } from '../../terminal-text.ts'
import { safeCell } from '../../transfer/formula-guard.ts'
import { readInstant } from '../../transfer/observed-at.ts'
import type { Db } from '../../warehouse/pool.ts'
import type { Category } from '../../warehouse/registry.ts'
import {
  type Edge,
  findCategories,
  GRAINS,
  type Grain,
  listMetrics,
  type Metric,
  type Range,
  readTrends,
  resolveRange,
  type Trend,
} from '../../warehouse/trends.ts'
import type { Action, Context } from '../command.ts'
import { type Marks, printTrendTable } from '../trend-table.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  category?: string[]
  by: Grain
  from?: Edge
  to?: Edge
  metric?: string[]
  format?: 'table' | 'csv' | 'json' | 'ndjson'
}

interface Query {
  readonly db: Db
  readonly by: Grain
  readonly range: Range
  readonly categories: readonly Category[]
  readonly metrics: readonly Metric[]
  readonly chosen: readonly string[] | null
}

type TrendObject = { account: string; category: string } & Record<string, unknown>

export const trends: Action<Options> = {
  name: 'trends',
  summary: 'show growth by hour, day, week or month',
  examples: [
    'primosync trends',
    'primosync trends --category codeConfirmation --by week --metric sent delivery_rate',
    'primosync trends --by hour --from 2026-03-01 --to 2026-03-02 --format csv',
  ],
  configure: (command) =>
    command
      .option('--account <name>', 'only this account')
      .option('--category <names...>', 'only these categories, verbatim')
      .addOption(new Option('--by <grain>', 'how much time a row is').choices(GRAINS).default('day'))
      .option('--from <time>', 'first day (2026-03-01) or an instant with its offset', edgeArgument)
      .option('--to <time>', 'last day, included, or an instant with its offset, excluded', edgeArgument)
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
    await withConfiguredWarehouse(config, log, async ({ db }) => {
      const metrics = await listMetrics(db)
      refuseUnknownMetrics(metrics, options.metric)
      const query: Query = {
        db,
        metrics,
        by: options.by,
        chosen: options.metric ?? null,
        categories: await findCategories(db, options.account, options.category),
        range: await resolveRange(db, options.by, options.from, options.to),
      }
      const format = options.format ?? (options.json ? 'json' : 'table')
      await (format === 'table' ? printTables(context, query) : printRows(context, query, format))
    })
  },
}

const NOTES = `
Every bucket that reaches into the range is shown whole. Without --from: 24 hours, 14 days, 12 weeks or
12 months. Days are those of the reporting zone. In the table "–" is unknown, "~" marks a bucket with a gap
longer than a quarter of it (what grew in a gap is spread evenly over it), and "…" one that has begun before
the first snapshot or is not over yet. Rates of the total line are rates of the totals. Metrics that are zero
or unknown throughout are left out, unless they are asked for.`

/** A date stays text: PostgreSQL knows when it begins in the reporting zone. */
export function edgeArgument(text: string): Edge {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const at = readInstant(isDate ? `${text}T00:00Z` : text, Number.POSITIVE_INFINITY)
  if (typeof at !== 'number')
    throw new InvalidArgumentError(`It ${at.reason}. Allowed: a day such as 2026-03-01, or an instant.`)
  return isDate ? text : new Date(at)
}

function refuseUnknownMetrics(metrics: readonly Metric[], chosen: readonly string[] = []): void {
  const names = metrics.map(({ metric }) => metric)
  const unknown = chosen.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`There is no metric ${JSON.stringify(unknown)}.`, {
      hint: `There is: ${names.join(', ')}.`,
    })
}

async function printTables({ config, output }: Context<Options>, query: Query): Promise<void> {
  const { db, by, range, categories, metrics, chosen } = query
  let shown = 0
  let marks: Marks = { hasGaps: false, hasParts: false }
  for (const category of categories) {
    const rows = await Array.fromAsync(readTrends(db, category, by, range))
    if (rows.length === 0) continue
    if (shown > 0) output.print('')
    shown += 1
    const heading = headingOf(category)
    const table = { heading, by, metrics, chosen, trends: rows, timezone: config.reportingTimezone }
    const { hasGaps, hasParts } = printTrendTable(output, table)
    marks = { hasGaps: marks.hasGaps || hasGaps, hasParts: marks.hasParts || hasParts }
  }
  if (shown === 0) output.print(nothingIn(query))
  if (marks.hasGaps || marks.hasParts) output.print('')
  if (marks.hasGaps) output.print('~ a gap without snapshots; what grew in it is spread evenly over it')
  if (marks.hasParts) output.print('… only in part between the first and the newest snapshot')
}

const headingOf = ({ account, category, label }: Category) =>
  `${category}${label === null ? '' : ` (${label})`}, account ${account}${account === DEMO_ACCOUNT ? ': demo data' : ''}`

function nothingIn({ categories, range }: Query): string {
  if (categories.length === 0) return 'There is no category yet: primosync category add NAME'
  return `No trends between ${range.fromAt.toISOString()} and ${range.untilAt.toISOString()}: sms.categories tells from when to when there are snapshots.`
}

/** One flat object a bucket, as it comes from the database: nothing is gathered. */
async function printRows(
  { output }: Context<Options>,
  query: Query,
  format: 'csv' | 'json' | 'ndjson',
): Promise<void> {
  const names = query.chosen ?? query.metrics.map(({ metric }) => metric)
  if (format === 'csv')
    output.print(csvLine(['account', 'category', query.by, ...names, ...(query.chosen ? [] : FACTS)]))
  let isFirst = true
  for (const category of query.categories) {
    for await (const trend of readTrends(query.db, category, query.by, query.range)) {
      const row = rowOf(category, query, trend, names)
      if (format === 'csv') output.print(csvLine(csvCells(row)))
      else output.print(`${format === 'ndjson' ? '' : isFirst ? '[' : ','}${safeJson(JSON.stringify(row))}`)
      isFirst = false
    }
  }
  if (format === 'json') output.print(isFirst ? '[]' : ']')
}

/** Account and category are free texts, so they are guarded against being read as formulas. */
function csvCells({ account, category, ...rest }: TrendObject): unknown[] {
  return [safeCell(account), safeCell(category), ...Object.values(rest)]
}

/** What is said of a bucket beside its metrics, where none were chosen. */
const FACTS = ['snapshots', 'coverage', 'widest_gap_seconds']

function rowOf(
  { account, category }: Category,
  { by, metrics, chosen }: Query,
  { bucket, values, snapshots, coverage, widestGap }: Trend,
  names: readonly string[],
): TrendObject {
  const isGauge = (name: string) => metrics.some(({ metric, kind }) => metric === name && kind === 'gauge')
  return {
    account,
    category,
    [by]: bucket instanceof Date ? bucket.toISOString() : bucket,
    ...Object.fromEntries(names.map((name) => [name, exactly(values[name] ?? null, isGauge(name))])),
    ...(chosen ? {} : { snapshots, coverage, widest_gap_seconds: widestGap }),
  }
}

/** The gauge comes as decimal text, which is a number in JSON too; a count beyond 2^53 stays text. */
const exactly = (value: number | string | null, isGauge: boolean) =>
  isGauge && value !== null ? JSON.rawJSON(String(value)) : value

function csvLine(cells: readonly unknown[]): string {
  const texts = cells.map((cell) =>
    typeof cell === 'string' ? cell : cell === null ? '' : JSON.stringify(cell),
  )
  return stringify([texts], { eof: false })
}
