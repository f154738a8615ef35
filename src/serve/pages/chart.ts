// A chart and the table of the same numbers, which is readable without scripts.
import { html } from 'hono/html'
import { daysBefore, GRAINS, type Grain } from '../../counters/grains.ts'
import { kindOf, labelOf, METRICS, type MetricName } from '../../read/metrics.ts'
import type { Trend, Value } from '../../read/trends.ts'
import { durationText } from '../../units.ts'
import { queryString } from '../query.ts'
import type { Mark } from '../words.ts'
import { copyable, dataBlock, type Html, instant, type View } from './layout.ts'

export type Edges = readonly (readonly [startsAt: number, endsAt: number])[]

/** What chart.js draws. Instants in epoch seconds, values by series and bucket, the oldest first. */
export interface ChartData {
  readonly labels: readonly string[]
  readonly edges: Edges
  readonly series: readonly { label: string; kind: string; values: readonly (number | null)[] }[]
  readonly spread: readonly boolean[]
  readonly coverage: readonly number[]
  readonly marks: readonly Mark[]
  readonly by: Grain
  readonly timezone: string
}

export function chartBlock(name: string, data: ChartData): Html {
  const seconds = (at: Date) => at.getTime() / 1000
  const block = {
    ...data,
    edges: data.edges.map(([start, end]) => [start / 1000, end / 1000]),
    marks: data.marks.map((mark) => ({ ...mark, at: seconds(mark.at), until: seconds(mark.until) })),
  }
  return html`${dataBlock('chart-data', block)}
<figure class="chart" id="chart" data-chart="chart-data" tabindex="0" role="group" aria-label="${name}. Arrow keys read it bucket by bucket, plus and minus zoom, 0 shows all.">
<p class="muted">The chart needs JavaScript; its numbers are in the table below.</p>
</figure>
<div id="chart-tip" class="tip" role="status" hidden></div>
<p class="hint muted" data-needs-script hidden>Drag across the chart to zoom in. <button type="button" id="zoom-out" hidden>Show the whole range</button></p>`
}

/** The meaning of the shadings that occur. */
export function legend(
  rows: readonly Pick<Trend, 'widest_gap_seconds' | 'coverage'>[],
  wideSeconds: number,
): Html {
  const hasSpread = rows.some((row) => (row.widest_gap_seconds ?? 0) > wideSeconds)
  const hasOpen = rows.some((row) => row.coverage < 0.9999)
  return html`<ul class="legend">${
    hasSpread
      ? html`<li><span class="swatch spread" aria-hidden="true"></span> no snapshots for a long time: what grew is spread evenly over it</li>`
      : ''
  }${
    hasOpen
      ? html`<li><span class="swatch open" aria-hidden="true"></span> only in part between the first and the newest snapshot: still to grow, or begun late</li>`
      : ''
  }</ul>`
}

/** How a value of a metric is written. */
export function written({ formats }: View, metric: MetricName, value: Value): string {
  return kindOf(metric) === 'rate' ? formats.percent(value) : formats.count(value)
}

/** `2026-03-01 14:00`, `Sun 2026-03-01`, `2026-03`: what a bucket is called. */
export function bucketName({ formats }: View, by: Grain, bucket: Date | string): string {
  if (bucket instanceof Date) return formats.instant(bucket)
  if (by === 'month') return bucket.slice(0, 7)
  if (by === 'week') return `${bucket} – ${daysBefore(bucket, -6).slice(5)}`
  const weekday = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' }).format(
    Date.parse(bucket),
  )
  return `${weekday} ${bucket}`
}

/** The table of one category, the newest first, as the SQL gives it. */
export function trendsTable(
  view: View,
  table: { by: Grain; metrics: readonly MetricName[]; rows: readonly Trend[]; wideSeconds: number },
): Html {
  const { by, metrics, rows, wideSeconds } = table
  const heading = (text: string) => html`<th scope="col" class="number">${text}</th>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of the same numbers"><table id="table">
<thead><tr><th scope="col">${by[0]!.toUpperCase() + by.slice(1)}</th>${metrics.map((metric) => heading(labelOf(metric)))}
${heading('Snapshots')}${heading('Coverage')}${heading('Widest gap')}</tr></thead>
<tbody>${rows.map((row) => {
    const isWide = (row.widest_gap_seconds ?? 0) > wideSeconds
    return html`<tr${isWide ? html` class="spread"` : ''}><th scope="row">${bucketName(view, by, row.bucket)}</th>${metrics.map(
      (metric) => html`<td class="number">${written(view, metric, row.values[metric] ?? null)}</td>`,
    )}<td class="number">${view.formats.count(row.snapshots)}</td><td class="number">${view.formats.percent(row.coverage)}</td><td class="number">${row.widest_gap_seconds === null ? '–' : durationText(row.widest_gap_seconds)}</td></tr>
`
  })}</tbody></table></div>`
}

/** Copy as CSV (a file where there is no script), and the SQL. */
export function takeAway(csvAddress: string, sqlText: string): Html {
  return html`<div class="take">
<a class="button" href="${csvAddress}" download data-copy-from="${csvAddress}">CSV</a>
${copyable('sql', 'SQL', sqlText)}
</div>`
}

/** The list that explains the marks of the chart. */
export function markList(view: View, marks: readonly Mark[], mostMarks: number): Html | string {
  if (marks.length === 0) return ''
  const shown = marks.slice(0, mostMarks)
  return html`<section aria-labelledby="marks"><h2 id="marks">What happened</h2>
<ul class="marks">${shown.map(
    (mark) => html`<li><span class="mark ${mark.kind}" aria-hidden="true">${mark.letter}</span>
<div><strong>${mark.title}</strong> ${instant(view, mark.at)}${
      mark.until > mark.at ? html` to ${instant(view, mark.until)}` : ''
    }<br>${mark.text}${
      mark.command === null
        ? ''
        : html`<br>If that is wrong, see what another decision would change: <code>${mark.command}</code>`
    }</div></li>`,
  )}</ul>${
    marks.length > shown.length
      ? html`<p class="muted">… and ${marks.length - shown.length} more: <code>select * from sms.deltas where kind &lt;&gt; 'growth'</code></p>`
      : ''
  }</section>`
}

export interface Controls {
  readonly action: string
  /** Parameters that every link and form keeps. */
  readonly kept: Readonly<Record<string, string | readonly string[]>>
  readonly by: Grain
  readonly from: string
  readonly to: string
  readonly metrics: readonly MetricName[]
  /** One metric, or any number of them. */
  readonly isSingle: boolean
}

const RANGES: readonly (readonly [string, number, Grain])[] = [
  ['7 days', 7, 'hour'],
  ['30 days', 30, 'day'],
  ['90 days', 90, 'day'],
  ['1 year', 365, 'week'],
]

/** By, range and metrics: links for the usual ones, a form for the rest. */
export function controls(view: View, chosen: Controls): Html {
  const { action, kept, by, from, to, metrics } = chosen
  const metricText = chosen.isSingle ? { metric: metrics[0] } : { metrics: metrics.join(',') }
  const current = { ...kept, by, from, to, ...metricText }
  const link = (text: string, changed: Record<string, string>, isCurrent: boolean) =>
    html`<a href="${action}${queryString({ ...current, ...changed })}"${isCurrent ? html` aria-current="true"` : ''}>${text}</a>`
  const buckets = GRAINS.map((bucket) => {
    const tooMany = bucket === 'hour' && Date.parse(to) - Date.parse(from) > 31 * 86_400_000
    const changed = tooMany ? { by: bucket, from: daysBefore(to, 6) } : { by: bucket }
    return link(bucket, changed, by === bucket)
  })
  const ranges = RANGES.map(([text, days, bucket]) => {
    const start = daysBefore(view.today, days - 1)
    const isCurrent = from === start && to === view.today
    return link(text, { from: start, to: view.today, ...(isCurrent ? {} : { by: bucket }) }, isCurrent)
  })
  return html`<div class="controls">
<div class="choice" role="group" aria-label="By">${buckets}</div>
<div class="choice" role="group" aria-label="Range">${ranges}</div>
<form action="${action}" class="range">${hidden({ ...kept, by })}
<label>From <input type="date" name="from" value="${from}"></label>
<label>to <input type="date" name="to" value="${to}"></label>
${chosen.isSingle ? singleMetric(metrics[0]!) : metricBoxes(metrics)}
<button>Show</button></form>
</div>`
}

function hidden(values: Readonly<Record<string, string | readonly string[]>>): Html[] {
  return Object.entries(values).flatMap(([name, value]) =>
    [value].flat().map((text) => html`<input type="hidden" name="${name}" value="${text}">`),
  )
}

const KINDS = [
  ['counter', 'Counters'],
  ['rate', 'Rates'],
  ['gauge', 'Gauge'],
] as const

function singleMetric(chosen: MetricName): Html {
  return html`<label>Metric <select name="metric">${KINDS.map(
    ([kind, title]) =>
      html`<optgroup label="${title}">${METRICS.filter((metric) => kindOf(metric) === kind).map(
        (metric) =>
          html`<option value="${metric}"${metric === chosen ? html` selected` : ''}>${labelOf(metric)}</option>`,
      )}</optgroup>`,
  )}</select></label>`
}

function metricBoxes(chosen: readonly MetricName[]): Html {
  return html`<details class="boxes"><summary>Metrics: ${chosen.map(labelOf).join(', ')}</summary><div>${KINDS.map(
    ([kind, title]) =>
      html`<fieldset><legend>${title}</legend>${METRICS.filter((metric) => kindOf(metric) === kind).map(
        (metric) =>
          html`<label><input type="checkbox" name="metrics" value="${metric}"${chosen.includes(metric) ? html` checked` : ''}> ${labelOf(metric)}</label>`,
      )}</fieldset>`,
  )}</div></details>`
}
