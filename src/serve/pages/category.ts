// One category: a large chart, what happened in it in words, and the table of the same numbers.
import { html } from 'hono/html'
import type { CategoryFacts } from '../../read/categories.ts'
import { type EventRow, type Gap, MOST_EVENTS } from '../../read/events.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import { kindOf, labelOf, type MetricName } from '../../read/metrics.ts'
import { type Trend, trendsSql } from '../../read/trends.ts'
import { type DayRange, keyText, queryString } from '../query.ts'
import { gapMark, type Mark, markOf, unreportedMarks } from '../words.ts'
import {
  bucketName,
  chartBlock,
  controls,
  type Edges,
  legend,
  markList,
  takeAway,
  trendsTable,
} from './chart.ts'
import { type Html, instant, layout, notice, time, type View } from './layout.ts'

/** The range and the metrics that a page shows. */
export interface PageQuery extends DayRange {
  readonly metrics: readonly MetricName[]
}

export interface CategoryPageFacts {
  readonly facts: CategoryFacts
  readonly query: PageQuery
  /** The newest first. */
  readonly rows: readonly Trend[]
  /** Of `rows`, in their order. */
  readonly edges: Edges
  readonly events: readonly EventRow[]
  readonly gaps: readonly Gap[]
  readonly isDemo: boolean
}

export function categoryPage(view: View, page: CategoryPageFacts): Html {
  const { facts, query, rows } = page
  const { account, category } = facts
  const asked = { account, category, by: query.by, from: query.from, to: query.to }
  const csv = `/category.csv${queryString({ ...asked, metrics: query.metrics.join(',') })}`
  const wideSeconds = wideGapSeconds(query.by, facts.expected_every_seconds)
  const marks = marksOf(view, page)
  return layout(view, {
    title: category,
    isDemo: page.isDemo,
    hasChart: rows.length > 0,
    main: html`<h1>${category}</h1>
<p class="about">${facts.label === null ? '' : html`${facts.label} · `}account <strong>${account}</strong> · ${facts.state}${
      facts.stale ? html` · <strong class="bad">stale</strong>` : ''
    } · newest snapshot ${time(view, facts.last_snapshot_at)} · watched since ${instant(view, facts.first_snapshot_at)}
· <a href="/compare${queryString({ c: [keyText(facts)] })}">compare with others</a></p>
${
  facts.stale && facts.last_failure
    ? notice('bad', 'No snapshot arrives.', `${facts.last_failure}. See the runs page for what to do.`)
    : ''
}
${controls(view, {
  action: '/category',
  kept: { account, category },
  by: query.by,
  from: query.from,
  to: query.to,
  metrics: query.metrics,
  isSingle: false,
})}
${
  rows.length === 0
    ? notice('empty', 'There is nothing in this range.', emptyText(view, facts))
    : html`${chartBlock(`${category}: ${query.metrics.map(labelOf).join(', ')} by ${query.by}`, chartData(view, page, wideSeconds, marks))}
${legend(rows, wideSeconds)}
${markList(view, marks, MOST_MARKS)}
<section aria-labelledby="numbers"><h2 id="numbers">The same numbers</h2>
${takeAway(csv, trendsSql(query, facts))}
${trendsTable(view, { by: query.by, metrics: query.metrics, rows, wideSeconds })}</section>`
}`,
  })
}

const MOST_MARKS = 50

function emptyText(view: View, { first_snapshot_at, last_snapshot_at }: CategoryFacts): Html | string {
  if (first_snapshot_at === null) {
    return 'No snapshot has arrived yet. The first one comes with the next tick; growth is known from the second one on.'
  }
  return html`Snapshots reach from ${instant(view, first_snapshot_at)} to ${instant(view, last_snapshot_at)}: choose a range that meets these.`
}

/** The newest first. */
function marksOf({ formats }: View, { facts, query, rows, edges, events, gaps }: CategoryPageFacts): Mark[] {
  return [
    ...events.map((event) => markOf(event, facts, formats)),
    ...gaps.map(gapMark),
    ...unreportedMarks(rows.toReversed(), query.metrics, edges.toReversed()),
  ].sort((one, other) => other.at.getTime() - one.at.getTime())
}

function chartData(
  view: View,
  { query, rows, edges }: CategoryPageFacts,
  wideSeconds: number,
  marks: Mark[],
) {
  const oldestFirst = rows.toReversed()
  return {
    by: query.by,
    timezone: view.timezone,
    marks: marks.slice(0, MOST_EVENTS),
    labels: oldestFirst.map((row) => bucketName(view, query.by, row.bucket)),
    edges: edges.toReversed(),
    series: query.metrics.map((metric) => seriesOf(metric, oldestFirst)),
    spread: oldestFirst.map((row) => (row.widest_gap_seconds ?? 0) > wideSeconds),
    coverage: oldestFirst.map((row) => row.coverage),
  }
}

function seriesOf(metric: MetricName, rows: readonly Trend[]) {
  return {
    label: labelOf(metric),
    kind: kindOf(metric),
    // a picture needs no more than a number can hold
    values: rows.map(({ values }) => (values[metric] == null ? null : Number(values[metric]))),
  }
}
