// Trends of one category for a person: sparklines, a row a bucket, a total line. As many metrics as fit.
import stringWidth from 'string-width'
import { type Grain, type Metric, type Trend, totalOf } from '../warehouse/trends.ts'
import type { Column, Output } from './output.ts'

/** What is shown where nothing is asked for, in the order of interest. */
const USUAL = [
  ...['sent', 'delivered', 'delivery_rate', 'clicks', 'click_rate', 'replies', 'unsubscribers', 'errors'],
  ...['openers', 'open_rate', 'bounced', 'complaint'],
]

const BUCKET_SECONDS: Readonly<Record<Grain, number>> = {
  hour: 3_600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
}

export interface TrendTable {
  readonly heading: string
  readonly by: Grain
  readonly timezone: string
  readonly trends: readonly Trend[]
  readonly metrics: readonly Metric[]
  /** Null: the usual ones. */
  readonly chosen: readonly string[] | null
  /** Columns of the terminal; null: no limit. */
  readonly width: number | null
}

interface Line {
  readonly name: string
  readonly values: Trend['values']
  readonly isTotal: boolean
}

/** Prints the table, and tells whether a gap was marked in it. */
export function printTrendTable(output: Output, table: TrendTable): boolean {
  const { heading, by, timezone, trends, metrics, chosen, width } = table
  const isWide = (trend: Trend) => (trend.widestGap ?? 0) > BUCKET_SECONDS[by] / 4
  const lines: Line[] = [
    ...trends.map((trend) => ({
      name: bucketName(trend.bucket, timezone) + (isWide(trend) ? ' ~' : ''),
      values: trend.values,
      isTotal: false,
    })),
    { name: 'total', values: totalOf(trends, metrics), isTotal: true },
  ]
  const wanted = (chosen ?? USUAL).map((name) => metrics.find(({ metric }) => metric === name)!)
  const shown = fitting(lines, wanted, width)
  output.print(output.colors.bold(heading))
  const longest = Math.max(...shown.map(({ metric }) => metric.length))
  const room = (width ?? 100) - longest - 2
  for (const { metric } of shown)
    output.print(
      `${metric.padEnd(longest)}  ${sparkline(trends.slice(-room).map(({ values }) => values[metric] ?? null))}`,
    )
  const paint = (text: string, { isTotal }: Line) => (isTotal ? output.colors.bold(text) : text)
  output.table(lines, [
    { header: by, value: ({ name }) => name, color: paint },
    ...shown.map((metric): Column<Line> => {
      return { header: metric.metric, value: cellOf(metric), align: 'right', color: paint }
    }),
  ])
  return trends.some(isWide)
}

/** The first of the metrics whose columns fit; at least one. */
function fitting(
  lines: readonly Line[],
  metrics: readonly Metric[],
  width: number | null,
): readonly Metric[] {
  if (width === null) return metrics
  let left = width - Math.max(...lines.map(({ name }) => stringWidth(name)))
  const end = metrics.findIndex((metric) => {
    const cells = lines.map((line) => (cellOf(metric)(line) ?? '–').length)
    left -= 2 + Math.max(metric.metric.length, ...cells)
    return left < 0
  })
  return end === -1 ? metrics : metrics.slice(0, Math.max(1, end))
}

const cellOf =
  ({ metric, kind }: Metric) =>
  ({ values }: Line): string | null => {
    const value = values[metric] ?? null
    if (value === null) return null
    if (kind === 'rate') return `${(Number(value) * 100).toFixed(1)} %`
    return kind === 'counter' ? BigInt(value).toLocaleString('en') : String(value)
  }

/** A date as it is; an hour with the time in the reporting zone and its offset, as an hour may come twice. */
function bucketName(bucket: Date | string, timezone: string): string {
  if (typeof bucket === 'string') return bucket
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset' },
  }).formatToParts(bucket)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00'
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')} ${offset}`
}

const BARS = '▁▂▃▄▅▆▇█'

/** From the lowest (or 0) to the highest; a blank where nothing is known. */
function sparkline(values: readonly (number | string | null)[]): string {
  const known = values.filter((value) => value !== null).map(Number)
  const low = Math.min(0, ...known)
  const height = Math.max(0, ...known) - low
  return values
    .map((value) => {
      if (value === null) return ' '
      return BARS[height === 0 ? 0 : Math.round(((Number(value) - low) / height) * (BARS.length - 1))]
    })
    .join('')
}
