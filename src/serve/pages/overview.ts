// The overview: whether it runs, what is stale, what grew, what looks unusual.

import { html } from 'hono/html'
import { PROGRAM } from '../../own-command.ts'
import {
  type AccountStats,
  creditsText,
  unattributedShare,
  unattributedText,
} from '../../read/account-stats.ts'
import type { AccountRow } from '../../read/accounts.ts'
import type { CategoryRow, Sort } from '../../read/categories.ts'
import { keyOf } from '../../read/category-keys.ts'
import type { Course } from '../../read/courses.ts'
import { type Figures, NO_FIGURES } from '../../read/figures.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import type { StatusSummary } from '../../read/status.ts'
import { EMPTY_HINT } from '../../read/words.ts'
import { bytesText, durationText } from '../../units.ts'
import { keyText, queryString } from '../query.ts'
import { runText } from '../words.ts'
import { type Html, layout, notice, time, type View } from './layout.ts'
import { sparkline } from './sparkline.ts'

export const PAGE_SIZE = 50

export interface OverviewQuery {
  readonly q: string
  readonly account: string | undefined
  readonly state: 'active' | 'paused' | 'removed' | 'stale' | undefined
  readonly sort: Sort
  readonly order: 'asc' | 'desc'
  readonly page: number
}

export interface OverviewFacts {
  readonly status: StatusSummary
  readonly accounts: readonly AccountRow[]
  readonly total: number
  readonly rows: readonly CategoryRow[]
  readonly figures: ReadonlyMap<string, Figures>
  readonly courses: ReadonlyMap<string, Course>
  readonly expectedEverySeconds: number | null
  readonly isDemo: boolean
}

export function overviewPage(view: View, query: OverviewQuery, facts: OverviewFacts): Html {
  const { status, accounts } = facts
  return layout(view, {
    title: 'Overview',
    active: '/',
    isDemo: facts.isDemo,
    main: html`<h1 class="sr">Overview</h1>
${tiles(view, status)}
${accounts.length === 0 ? emptyWarehouse() : [filters(query, accounts), results(view, query, facts)]}`,
  })
}

function tiles(view: View, status: StatusSummary): Html {
  const { last_run: run, next_tick_at: next, spool, category_counts: categories } = status
  const isWell = run?.status === 'ok' || run?.status === 'running'
  return html`<dl class="tiles">
${tile(
  'Last run',
  run === null ? 'warn' : isWell ? 'ok' : 'bad',
  run === null ? html`none yet` : html`${run.status}, ${time(view, run.started_at)}`,
  run === null
    ? 'The first one starts by itself.'
    : run.status === 'ok'
      ? `${run.stored} snapshots stored`
      : runText(run.status),
)}
${tile('Next tick', 'ok', time(view, next), status.schedule)}
${tile(
  'Spool',
  spool.runs === 0 ? 'ok' : 'warn',
  spool.runs === 0 ? html`empty` : html`${spool.runs} waiting`,
  spool.runs === 0 ? 'everything is stored' : `${bytesText(spool.bytes)} to be stored`,
)}
${tile(
  'Stale categories',
  categories.stale === 0 ? 'ok' : 'bad',
  categories.stale === 0 ? html`none` : html`<a href="/?state=stale">${categories.stale}</a>`,
  `${categories.active} active${categories.paused > 0 ? `, ${categories.paused} paused` : ''}`,
)}
${tile(
  'Trouble in 24 hours',
  status.failed_last_day + status.rejected_last_day === 0 ? 'ok' : 'warn',
  status.failed_last_day + status.rejected_last_day === 0
    ? html`none`
    : html`<a href="/runs?troubled=yes">${view.formats.count(status.failed_last_day)} ${status.failed_last_day === 1 ? 'failure' : 'failures'}</a>`,
  `${view.formats.count(status.rejected_last_day)} answers rejected`,
)}
${status.accounts.map((account) => accountTile(view, account, status.accounts.length > 1))}
</dl>
${rejectingNotice(view, status)}`
}

function rejectingNotice(view: View, { rejecting }: StatusSummary): Html | string {
  if (rejecting.length === 0) return ''
  return notice(
    'bad',
    `The answers for ${rejecting.length === 1 ? 'a category are' : `${rejecting.length} categories are`} rejected, and nothing is stored.`,
    html`${rejecting
      .slice(0, 5)
      .map(
        ({ category, since, answers, reason }) =>
          html`<b>${category ?? 'the account itself'}</b>: ${view.formats.count(answers)} since ${time(view, since)}, the last one because ${reason}. `,
      )}They are kept in <a href="/runs">sync.rejected</a>; <code>${PROGRAM} rejudge</code> reads them again.`,
  )
}

function accountTile({ formats }: View, account: AccountStats, isOneOfSeveral: boolean): Html {
  const isUnattributed = unattributedShare(account) !== null
  const isShort = account.days_left !== null && account.days_left < FEW_DAYS
  return tile(
    isOneOfSeveral ? `Credits, ${account.account}` : 'Credits',
    isShort || isUnattributed ? 'warn' : 'ok',
    html`${creditsText(account, formats.locale)}`,
    isUnattributed ? unattributedText(account, formats.count) : 'of the whole account',
  )
}

/** Credits that last less long are marked. */
const FEW_DAYS = 3

function tile(name: string, mood: 'ok' | 'warn' | 'bad', value: Html, detail: string): Html {
  return html`<div class="tile"><dt>${name}</dt><dd class="value ${mood}">${value}</dd><dd class="detail">${detail}</dd></div>`
}

function emptyWarehouse(): Html {
  return notice(
    'empty',
    'There is no category yet.',
    html`Add one: <code>${PROGRAM} category add NAME</code>, or list them in <code>PRIMOTEXTO_CATEGORIES</code>.
Its first snapshot arrives with the next tick, its first growth with the one after.`,
  )
}

const STATES = [
  ['', 'not removed'],
  ['active', 'active'],
  ['stale', 'stale'],
  ['paused', 'paused'],
  ['removed', 'removed'],
] as const

function filters(query: OverviewQuery, accounts: readonly AccountRow[]): Html {
  const option = (value: string, text: string, chosen: string | undefined) =>
    html`<option value="${value}"${value === (chosen ?? '') ? html` selected` : ''}>${text}</option>`
  return html`<form class="filters" action="/" data-replaces="results" role="search" aria-label="Categories">
<label>Search <input type="search" name="q" value="${query.q}" maxlength="255" autocomplete="off"></label>
${
  accounts.length > 1
    ? html`<label>Account <select name="account">${option('', 'all', query.account)}${accounts.map((row) =>
        option(row.account, row.label ?? row.account, query.account),
      )}</select></label>`
    : ''
}
<label>State <select name="state">${STATES.map(([value, text]) => option(value, text, query.state))}</select></label>
<input type="hidden" name="sort" value="${query.sort}"><input type="hidden" name="order" value="${query.order}">
<button>Show</button>
</form>`
}

const COLUMNS: readonly (readonly [Sort | null, string, string])[] = [
  ['name', 'Category', ''],
  [null, '30 days', 'Sent by day, up to today'],
  ['today', 'Today', 'Sent since midnight'],
  ['sent', '7 days', 'Sent in the seven days up to yesterday'],
  ['change', 'Change', 'Against the seven days before'],
  ['delivery', 'Delivered', 'Of what was sent in 30 days'],
  ['open', 'Opened', 'Of what was delivered in 30 days'],
  ['click', 'Clicked', 'Of what was delivered in 30 days'],
  ['fresh', 'Newest snapshot', ''],
]

function results(view: View, query: OverviewQuery, facts: OverviewFacts): Html {
  const { rows, total } = facts
  if (total === 0 || rows.length === 0) {
    return html`<div id="results">${notice(
      'empty',
      'No category matches.',
      html`<a href="/">Show all of them</a>, or search for a shorter part of the name.`,
    )}</div>`
  }
  return html`<div id="results">
<form action="/compare">
<div class="scroll"><table class="cards">
<caption class="sr">Categories, ${rows.length} of ${total}</caption>
<thead><tr><td></td>${COLUMNS.map(([sort, text, title]) => heading(query, sort, text, title))}</tr></thead>
<tbody>${rows.map((row) => categoryRow(view, row, facts))}</tbody>
</table></div>
<div class="below"><button>Compare the chosen ones</button>${pager(query, total)}</div>
</form></div>`
}

function heading(query: OverviewQuery, sort: Sort | null, text: string, title: string): Html {
  if (sort === null) return html`<th scope="col" title="${title}">${text}</th>`
  const isSorted = query.sort === sort
  const usual = sort === 'name' ? 'asc' : 'desc'
  const order = isSorted ? (query.order === 'asc' ? 'desc' : 'asc') : usual
  const aria = isSorted ? html` aria-sort="${query.order === 'asc' ? 'ascending' : 'descending'}"` : ''
  const arrow = isSorted ? html` <span aria-hidden="true">${query.order === 'asc' ? '↑' : '↓'}</span>` : ''
  const numeric = sort === 'name' ? '' : html` class="number"`
  return html`<th scope="col"${aria}${numeric} title="${title}"><a href="${address({ ...query, sort, order, page: 1 })}">${text}${arrow}</a></th>`
}

function address({ q, account, state, sort, order, page }: OverviewQuery): string {
  const isUsual = sort === 'name' && order === 'asc'
  const sorting = isUsual ? {} : { sort, order }
  return `/${queryString({ q, account, state, ...sorting, page: page === 1 ? undefined : page })}`
}

function categoryRow(view: View, row: CategoryRow, facts: OverviewFacts): Html {
  const { formats } = view
  const course = facts.courses.get(keyOf(row))
  const figures = facts.figures.get(keyOf(row)) ?? NO_FIGURES
  const href = `/category${queryString({ account: row.account, category: row.category })}`
  const cell = (label: string, content: Html | string) =>
    html`<td class="number" data-label="${label}">${content}</td>`
  return html`<tr>
<td class="pick"><input type="checkbox" name="c" value="${keyText(row)}" aria-label="Compare ${row.category}"></td>
<th scope="row"><a href="${href}">${row.category}</a>${
    facts.accounts.length > 1 ? html` <span class="muted">${row.account}</span>` : ''
  }${row.label === null ? '' : html` <span class="muted">${row.label}</span>`}
<span class="badges">${badges(row, course, facts.expectedEverySeconds)}</span></th>
<td class="chart-cell">${course ? sparkline(course, formats, facts.expectedEverySeconds) : html`<span class="muted">no data yet</span>`}</td>
${cell('Today', formats.count(figures.sent_today))}
${cell('7 days', formats.count(figures.sent_7_days))}
${cell('Change', changeOf(view, figures))}
${cell('Delivered', formats.percent(figures.delivery_rate))}
${cell('Opened', formats.percent(figures.open_rate))}
${cell('Clicked', formats.percent(figures.click_rate))}
${cell('Newest snapshot', html`<span class="${row.stale ? 'bad' : ''}">${time(view, row.last_snapshot_at)}</span>`)}
</tr>`
}

function changeOf({ formats }: View, { change }: Figures): Html | string {
  if (change === null) return '–'
  const arrow = change > 0.005 ? '▲' : change < -0.005 ? '▼' : '•'
  return html`<span aria-hidden="true" class="arrow">${arrow}</span> ${formats.change(change)}`
}

function badges(row: CategoryRow, course: Course | undefined, expectedEverySeconds: number | null): Html[] {
  const badge = (kind: string, text: string, title: string) =>
    html`<span class="badge ${kind}" title="${title}">${text}</span> `
  const many = (count: number, text: string) => (count === 1 ? text : `${count} ${text}s`)
  const { resets = 0, corrections = 0, dips = 0, widestGap = null } = course ?? {}
  const isGap = widestGap !== null && widestGap > wideGapSeconds('day', expectedEverySeconds)
  return [
    ...(row.stale
      ? [badge('bad', 'stale', row.last_failure ?? 'No snapshot for longer than two ticks')]
      : []),
    ...(row.state === 'active' ? [] : [badge('state', row.state, 'Not asked for')]),
    ...(row.note === 'empty' ? [badge('state', 'empty', EMPTY_HINT)] : []),
    ...(resets > 0 ? [badge('reset', many(resets, 'reset'), 'In 90 days')] : []),
    ...(corrections > 0 ? [badge('correction', many(corrections, 'correction'), 'In 90 days')] : []),
    ...(dips > 0 ? [badge('dip', 'dip', 'In 90 days')] : []),
    ...(isGap ? [badge('gap', `gap ${durationText(widestGap)}`, 'The widest of 90 days')] : []),
  ]
}

function pager(query: OverviewQuery, total: number): Html {
  const pages = Math.ceil(total / PAGE_SIZE)
  if (pages <= 1) return html`<span class="muted">${total} in all</span>`
  const link = (page: number, text: string) =>
    page < 1 || page > pages ? '' : html`<a href="${address({ ...query, page })}">${text}</a>`
  return html`<nav class="pager" aria-label="Pages of categories">${link(query.page - 1, '← Previous')}
<span>Page ${query.page} of ${pages}, ${total} in all</span> ${link(query.page + 1, 'Next →')}</nav>`
}
