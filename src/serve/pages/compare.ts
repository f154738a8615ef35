// Several categories side by side, one metric.
import { html } from 'hono/html'
import type { CategoryRow } from '../../read/categories.ts'
import type { CategoryKey } from '../../read/category-keys.ts'
import { kindOf, labelOf, type MetricName } from '../../read/metrics.ts'
import { compareSql, type Trend } from '../../read/trends.ts'
import { keyText, queryString } from '../query.ts'
import type { PageQuery } from './category.ts'
import { bucketName, chartBlock, controls, legend, takeAway, written } from './chart.ts'
import { type Html, layout, notice, type View } from './layout.ts'

/** How many lines can be told apart. */
export const MOST_COMPARED = 8

export interface Compared {
  readonly key: CategoryKey
  /** The newest first. */
  readonly rows: readonly Trend[]
}

export interface ComparePageFacts {
  readonly query: PageQuery
  readonly metric: MetricName
  readonly compared: readonly Compared[]
  /** Categories that were asked for and do not exist. */
  readonly missing: readonly CategoryKey[]
  /** How many more were asked for than are shown. */
  readonly leftOut: number
  readonly edgesOf: (bucket: Date | string) => readonly [number, number]
  /** What was looked for, to be added, and what was found. */
  readonly add: string
  readonly found: readonly CategoryRow[]
  readonly hasAccounts: boolean
  /** From how many seconds on a gap is shaded. */
  readonly wideSeconds: number
  readonly isDemo: boolean
}

export function comparePage(view: View, page: ComparePageFacts): Html {
  const { query, metric, compared } = page
  const { by, from, to } = query
  const keys = compared.map(({ key }) => key)
  const asked = { c: keys.map(keyText), by, from, to, metric }
  const buckets = bucketsOf(compared, metric)
  return layout(view, {
    title: 'Compare',
    active: '/compare',
    isDemo: page.isDemo,
    hasChart: buckets.length > 0,
    main: html`<h1>Compare</h1>
${page.missing.length > 0 ? notice('warn', 'Not there:', page.missing.map(({ category }) => category).join(', ')) : ''}
${page.leftOut > 0 ? notice('warn', `Only the first ${MOST_COMPARED} are shown.`, 'More lines could not be told apart.') : ''}
${chosen(page, asked)}
${
  compared.length === 0
    ? notice(
        'empty',
        'Nothing to compare yet.',
        html`Look for a category above, or choose some in the <a href="/">overview</a>.`,
      )
    : html`${controls(view, {
        action: '/compare',
        kept: { c: asked.c },
        by,
        from,
        to,
        metrics: [metric],
        isSingle: true,
      })}
${
  buckets.length === 0
    ? notice('empty', 'There is nothing in this range.', 'Choose a longer or a later one.')
    : html`${chartBlock(`${labelOf(metric)} by ${by}`, {
        by,
        timezone: view.timezone,
        marks: [],
        spread: buckets.map(({ widest_gap_seconds }) => widest_gap_seconds > page.wideSeconds),
        coverage: buckets.map(({ coverage }) => coverage),
        labels: buckets.map(({ bucket }) => bucketName(view, by, bucket)),
        edges: buckets.map(({ bucket }) => page.edgesOf(bucket)),
        series: names(page).map((label, i) => ({
          label,
          kind: kindOf(metric),
          values: buckets.map(({ values }) => (values[i] === null ? null : Number(values[i]))),
        })),
      })}
${legend(buckets, page.wideSeconds)}
<section aria-labelledby="numbers"><h2 id="numbers">The same numbers</h2>
${takeAway(`/compare.csv${queryString(asked)}`, compareSql(query, keys))}
${table(view, page, buckets)}</section>`
}`
}`,
  })
}

function names({ compared, hasAccounts }: ComparePageFacts): string[] {
  return compared.map(({ key }) => (hasAccounts ? `${key.account}: ${key.category}` : key.category))
}

export interface ComparedBucket {
  readonly bucket: Date | string
  readonly values: readonly (number | string | null)[]
  /** The widest gap and the lowest coverage of those that have the bucket. */
  readonly widest_gap_seconds: number
  readonly coverage: number
}

/** The buckets of all categories, the oldest first, with a value for each category. */
export function bucketsOf(compared: readonly Compared[], metric: MetricName): ComparedBucket[] {
  const idOf = (bucket: Date | string) => (bucket instanceof Date ? bucket.toISOString() : bucket)
  const byCategory = compared.map(({ rows }) => new Map(rows.map((row) => [idOf(row.bucket), row])))
  const all = new Map(compared.flatMap(({ rows }) => rows.map((row) => [idOf(row.bucket), row.bucket])))
  return [...all]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, bucket]) => {
      const rows = byCategory.map((ofCategory) => ofCategory.get(id))
      const known = rows.filter((row) => row !== undefined)
      return {
        bucket,
        values: rows.map((row) => row?.values[metric] ?? null),
        widest_gap_seconds: Math.max(0, ...known.map((row) => row.widest_gap_seconds ?? 0)),
        coverage: Math.min(...known.map((row) => row.coverage)),
      }
    })
}

type Asked = Readonly<Record<string, string | readonly string[]>> & { readonly c: readonly string[] }

function chosen(page: ComparePageFacts, asked: Asked): Html {
  const { compared, found, add } = page
  const without = (i: number) =>
    `/compare${queryString({ ...asked, c: asked.c.filter((_, other) => other !== i) })}`
  const isFull = compared.length >= MOST_COMPARED
  return html`<ul class="chips">${names(page).map(
    (name, i) => html`<li><span class="swatch line-${i + 1}" aria-hidden="true"></span>
<a href="/category${queryString({ ...compared[i]!.key })}">${name}</a>
<a href="${without(i)}" class="remove" aria-label="Leave out ${name}">×</a></li>`,
  )}</ul>
${
  isFull
    ? html`<p class="muted">These are ${MOST_COMPARED}; leave one out to add another.</p>`
    : html`<form action="/compare" class="filters" role="search" aria-label="Add a category">${Object.entries(
        asked,
      ).flatMap(([name, value]) =>
        [value].flat().map((text) => html`<input type="hidden" name="${name}" value="${text}">`),
      )}
<label>Add <input type="search" name="add" value="${add}" maxlength="255" placeholder="part of a name" required></label>
<button>Find</button></form>`
}
${add === '' || isFull ? '' : foundList(page, found, asked)}`
}

function foundList(page: ComparePageFacts, found: readonly CategoryRow[], asked: Asked): Html {
  if (found.length === 0) return notice('empty', 'No category matches.', 'Try a shorter part of its name.')
  return html`<ul class="found">${found.map((row) => {
    const address = `/compare${queryString({ ...asked, c: [...asked.c, keyText(row)] })}`
    return html`<li><a href="${address}">${page.hasAccounts ? `${row.account}: ` : ''}${row.category}</a></li>`
  })}</ul>`
}

function table(view: View, page: ComparePageFacts, buckets: readonly ComparedBucket[]): Html {
  const { by } = page.query
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of the same numbers"><table id="table">
<thead><tr><th scope="col">${by[0]!.toUpperCase() + by.slice(1)}</th>${names(page).map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${buckets.toReversed().map(
    ({ bucket, values }) =>
      html`<tr><th scope="row">${bucketName(view, by, bucket)}</th>${values.map(
        (value) => html`<td class="number">${written(view, page.metric, value)}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>`
}
