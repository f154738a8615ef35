// How the syncing went: runs, failures with what to do, rejected answers with their bodies.
import { html } from 'hono/html'
import { PROGRAM } from '../../own-command.ts'
import type { Failure, Rejected, Run } from '../../read/runs.ts'
import { durationText } from '../../units.ts'
import { queryString } from '../query.ts'
import { failureText, rejectionText, runText } from '../words.ts'
import { type Html, instant, layout, notice, type View } from './layout.ts'

export const RUNS_SHOWN = 50
export const FAILURES_SHOWN = 50
export const REJECTED_SHOWN = 20
/** Characters of a rejected body that the list shows. */
export const BODY_SHOWN = 2000

export interface RunsPageFacts {
  readonly runs: readonly Run[]
  readonly failures: readonly Failure[]
  readonly rejected: readonly Rejected[]
  readonly troubled: boolean
  /** There is an older run. */
  readonly hasOlder: boolean
  readonly isDemo: boolean
}

export function runsPage(view: View, page: RunsPageFacts): Html {
  return layout(view, {
    title: 'Runs',
    active: '/runs',
    isDemo: page.isDemo,
    main: html`<h1>Runs</h1>
<div class="controls"><div class="choice" role="group" aria-label="Which runs">
<a href="/runs"${page.troubled ? '' : html` aria-current="true"`}>all</a><a href="/runs?troubled=yes"${page.troubled ? html` aria-current="true"` : ''}>with trouble</a></div></div>
${runsTable(view, page)}
<section aria-labelledby="failures"><h2 id="failures">Failures</h2>
${page.failures.length === 0 ? notice('empty', 'None.', 'Every category that was asked for got an answer.') : failuresTable(view, page.failures)}</section>
<section aria-labelledby="rejected"><h2 id="rejected">Rejected answers</h2>
${
  page.rejected.length === 0
    ? notice('empty', 'None.', 'Every answer that came could be stored.')
    : html`<p class="muted">Answers that could not be stored as snapshots. They count nowhere, and are kept as they came.</p>
${page.rejected.map((row) => rejectedItem(view, row))}`
}</section>`,
  })
}

function runsTable(view: View, { runs, troubled, hasOlder }: RunsPageFacts): Html {
  if (runs.length === 0) {
    return troubled
      ? notice('empty', 'No run had trouble.', html`<a href="/runs">See all runs</a>.`)
      : notice(
          'empty',
          'There is no run yet.',
          html`Start one: <code>${PROGRAM} start</code>, or <code>${PROGRAM} sync</code>.`,
        )
  }
  const number = (label: string, value: number) =>
    html`<td class="number" data-label="${label}">${view.formats.count(value)}</td>`
  return html`<div class="scroll"><table class="cards runs"><caption class="sr">Runs, the newest first</caption>
<thead><tr><th scope="col">Started</th><th scope="col">Ended</th><th scope="col">Why</th>
${['Took', 'Categories', 'Stored', 'Failed', 'Rejected', 'Late'].map((text) => html`<th scope="col" class="number">${text}</th>`)}</tr></thead>
<tbody>${runs.map(
    (run) => html`<tr><th scope="row">${instant(view, run.started_at)}</th>
<td data-label="Ended"><span class="status ${run.status}">${run.status}</span>${run.status === 'ok' ? '' : html` <span class="muted">${runText(run.status)}</span>`}</td>
<td data-label="Why">${run.trigger}${run.account === null ? '' : html` <span class="muted">${run.account}</span>`}</td>
<td class="number" data-label="Took">${run.duration_seconds === null ? '–' : durationText(run.duration_seconds)}</td>
${number('Categories', run.categories)}${number('Stored', run.stored)}${number('Failed', run.failed)}${number('Rejected', run.rejected)}${number('Late', run.late)}</tr>`,
  )}</tbody></table></div>
${
  hasOlder
    ? html`<p><a href="/runs${queryString({ before: runs.at(-1)!.id, troubled: troubled ? 'yes' : undefined })}">Older runs →</a></p>`
    : ''
}`
}

/** What stands for a category where the question was about the account. */
const ITS_OWN = 'the account itself'

function failuresTable(view: View, failures: readonly Failure[]): Html {
  return html`<div class="scroll"><table class="cards"><caption class="sr">Failures, the newest first</caption>
<thead><tr><th scope="col">When</th><th scope="col">Category</th><th scope="col">What happened, and what to do</th><th scope="col" class="number">Tries</th></tr></thead>
<tbody>${failures.map(
    (row) => html`<tr><th scope="row">${instant(view, row.at)}</th>
<td data-label="Category">${row.category === null ? ITS_OWN : html`<a href="/category${queryString({ account: row.account, category: row.category })}">${row.category}</a>`} <span class="muted">${row.account}</span></td>
<td data-label="What happened" class="wide"><strong>${row.class}</strong> ${failureText(row.class)}<br><span class="muted">${row.message}</span></td>
<td class="number" data-label="Tries">${row.attempts}</td></tr>`,
  )}</tbody></table></div>`
}

function rejectedItem(view: View, row: Rejected): Html {
  const isCut = row.body.length < row.body_length
  return html`<details class="rejected"><summary>${instant(view, row.at)} <strong>${row.category ?? ITS_OWN}</strong>
<span class="muted">${row.account}</span> ${rejectionText(row.reason)}${storedText(view, row)}</summary>
<pre tabindex="0">${row.body}</pre>${
    isCut
      ? html`<p><a href="/runs/rejected/${row.id}">The whole body, ${view.formats.count(row.body_length)} characters</a></p>`
      : ''
  }</details>`
}

/** Since `primosync rejudge` gave it another hearing. */
const storedText = (view: View, { stored_at: at }: Rejected) =>
  at === null ? '' : html` <strong>stored</strong> ${instant(view, at)}`

export function rejectedPage(view: View, row: Rejected, isDemo: boolean): Html {
  return layout(view, {
    title: `Rejected answer ${row.id}`,
    isDemo,
    main: html`<h1>Rejected answer</h1>
<p>${instant(view, row.at)} · <strong>${row.category ?? ITS_OWN}</strong> · account ${row.account} · run ${row.run}</p>
<p>${rejectionText(row.reason)}${storedText(view, row)}</p>
<pre class="body" tabindex="0">${row.body}</pre>
<p><a href="/runs">Back to the runs</a></p>`,
  })
}
