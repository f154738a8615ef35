// Trends of one category for a person: sparklines, a row a bucket, a total line. As many metrics as fit.
import stringWidth from 'string-width'
import type { Grain } from '../counters/grains.ts'
import { wideGapSeconds } from '../read/gap.ts'
import { kindOf, type MetricName } from '../read/metrics.ts'
import { totalOf } from '../read/trend-total.ts'
import type { Trend } from '../read/trends.ts'
import { padTo, wrapTo } from './layout.ts'
import type { Output } from './output.ts'
import { sparkline } from './sparkline.ts'
import type { Column } from './table.ts'
import { zonedTime } from './times.ts'

/** The metrics that are shown by default, in the order of interest. */
const USUAL: readonly MetricName[] = [
  'sent',
  'delivered',
  'delivery_rate',
  'clicks',
  'click_rate',
  'replies',
  'unsubscribers',
  'errors',
  'openers',
  'open_rate',
  'bounced',
  'complaint',
]

export interface TrendTable {
  readonly heading: string
  readonly by: Grain
  readonly timezone: string
  readonly trends: readonly Trend[]
  /** Null: the default ones that are not zero throughout. */
  readonly chosen: readonly MetricName[] | null
  /** The longest time between two ticks of the schedule; null: not known. */
  readonly expectedEverySeconds: number | null
}

/** Marks that are explained below the last table. */
export interface Marks {
  /** `~` */
  readonly hasGaps: boolean
  /** `…` */
  readonly hasParts: boolean
}

interface Line {
  readonly name: string
  readonly values: Trend['values']
  readonly isTotal: boolean
}

/** Prints the table, and returns which marks are in it. */
export function printTrendTable(output: Output, table: TrendTable): Marks {
  const { heading, by, timezone, trends, chosen } = table
  const { colors, width } = output
  const wideSeconds = wideGapSeconds(by, table.expectedEverySeconds)
  const isWide = (trend: Trend) => (trend.widest_gap_seconds ?? 0) > wideSeconds
  const isPart = (trend: Trend) => trend.coverage < 1
  const marksOf = (trend: Trend) => `${isWide(trend) ? '~' : ''}${isPart(trend) ? '…' : ''}`
  const lines: Line[] = [
    ...trends.map((trend) => ({
      name: `${bucketName(trend.bucket, timezone)} ${marksOf(trend)}`.trimEnd(),
      values: trend.values,
      isTotal: false,
    })),
    { name: 'total', values: totalOf(trends), isTotal: true },
  ]
  const wanted = chosen ?? USUAL
  const isEmpty = (metric: MetricName) => trends.every(({ values }) => Number(values[metric] ?? 0) === 0)
  const telling = chosen ? wanted : wanted.filter((metric) => !isEmpty(metric))
  const shown = fitting(lines, telling.length > 0 ? telling : wanted.slice(0, 2), width)
  output.print(colors.bold(heading))
  for (const line of sparkLines(shown, lines, width)) output.print(line(colors.cyan))
  const paint = (text: string, { isTotal }: Line) => (isTotal ? colors.bold(text) : text)
  output.table(lines, [
    { header: by, value: ({ name }) => name, color: paint },
    ...shown.map((metric): Column<Line> => {
      return { header: metric, value: cellOf(metric), align: 'right', color: paint }
    }),
  ])
  const empty = chosen ? [] : wanted.filter((metric) => isEmpty(metric) && !shown.includes(metric))
  if (empty.length > 0) {
    const names = empty.join(', ')
    for (const line of wrapTo(`zero or unknown: ${names}`, width)) output.print(colors.dim(line))
  }
  return { hasGaps: trends.some(isWide), hasParts: trends.some(isPart) }
}

/** A row of bars a metric, with its lowest and highest value where there is room for them. */
function sparkLines(
  metrics: readonly MetricName[],
  lines: readonly Line[],
  width: number | null,
): ((paint: (text: string) => string) => string)[] {
  const buckets = lines.filter(({ isTotal }) => !isTotal)
  const longest = Math.max(...metrics.map((metric) => metric.length))
  const room = (width ?? 100) - longest - 2
  const bars = Math.min(buckets.length, room)
  return metrics.map((metric) => (paint) => {
    const range = rangeOf(metric, buckets)
    const start = `${padTo(metric, longest)}  `
    const spark = sparkline(buckets.slice(-bars).map(({ values }) => values[metric] ?? null))
    return start + paint(spark) + (range.length + 2 <= room - bars ? `  ${range}` : '')
  })
}

function rangeOf(metric: MetricName, lines: readonly Line[]): string {
  const known = lines.filter(({ values }) => values[metric] != null)
  if (known.length === 0) return ''
  const sorted = known.toSorted((a, b) => Number(a.values[metric]) - Number(b.values[metric]))
  const [low, high] = [cellOf(metric)(sorted[0]!), cellOf(metric)(sorted.at(-1)!)]
  return low === high ? `${low}` : `${low} to ${high}`
}

/** The first of the metrics whose columns fit; at least one. */
function fitting(
  lines: readonly Line[],
  metrics: readonly MetricName[],
  width: number | null,
): readonly MetricName[] {
  if (width === null) return metrics
  let left = width - Math.max(...lines.map(({ name }) => stringWidth(name)))
  const end = metrics.findIndex((metric) => {
    const cells = lines.map((line) => (cellOf(metric)(line) ?? '–').length)
    left -= 2 + Math.max(metric.length, ...cells)
    return left < 0
  })
  return end === -1 ? metrics : metrics.slice(0, Math.max(1, end))
}

const cellOf =
  (metric: MetricName) =>
  ({ values }: Line): string | null => {
    const value = values[metric] ?? null
    if (value === null) return null
    const kind = kindOf(metric)
    if (kind === 'rate') return `${(Number(value) * 100).toFixed(1)} %`
    return kind === 'counter' ? BigInt(value).toLocaleString('en') : String(value)
  }

/** A date unchanged; an hour with its time and offset in the reporting time zone, as an hour may occur twice. */
function bucketName(bucket: Date | string, timezone: string): string {
  if (typeof bucket === 'string') return bucket
  const { date, time, offset } = zonedTime(bucket, timezone)
  return `${date} ${time.slice(0, 5)} ${offset}`
}
