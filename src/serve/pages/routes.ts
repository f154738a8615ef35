// The routes of the pages: their parameters, what is read for them, and which page shows it.
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { readAccounts } from '../../read/accounts.ts'
import { readCategories, readCategory } from '../../read/categories.ts'
import type { CategoryKey } from '../../read/category-keys.ts'
import { readCourses } from '../../read/courses.ts'
import { readFigures } from '../../read/figures.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import { readFailures, readRejected, readRejectedById, readRuns } from '../../read/runs.ts'
import { readExpectedEverySeconds } from '../../read/schedule.ts'
import { sourceOf } from '../../read/source.ts'
import { readStatusSummary } from '../../read/status.ts'
import { columnNames, FACTS, readNewestTrends } from '../../read/trends.ts'
import type { AppDeps } from '../deps.ts'
import * as ask from '../query.ts'
import { categoryPage } from './category.ts'
import { bucketsOf, comparePage, MOST_COMPARED } from './compare.ts'
import { csvOf } from './csv.ts'
import type { View } from './layout.ts'
import { overviewPage, PAGE_SIZE } from './overview.ts'
import { problemPage } from './problem.ts'
import { compare, edgeFinder, readCategoryRange } from './ranges.ts'
import { BODY_SHOWN, FAILURES_SHOWN, REJECTED_SHOWN, RUNS_SHOWN, rejectedPage, runsPage } from './runs.ts'

const OVERVIEW = z.object({ ...ask.categoryFilter, page: ask.wholeNumber(1, 100_000, 1) })
const CATEGORY = z.object({
  account: ask.accountName.default('default'),
  category: ask.categoryName,
  ...ask.range,
  metrics: ask.metrics,
})
const COMPARE = z.object({
  c: ask.categoryKeys,
  metric: ask.metric,
  ...ask.range,
  add: ask.categoryName.default(''),
})
const RUNS = z.object({ before: ask.before, troubled: ask.flag })

export function addPages(app: Hono, deps: AppDeps, viewOf: (c: Context) => View): void {
  const source = sourceOf(deps)
  const isDemo = (rows: readonly { account: string | null }[]) =>
    rows.some(({ account }) => account === deps.demoAccount)

  app.get('/', async (c) => {
    const view = viewOf(c)
    const asked = ask.readQuery(OVERVIEW, c.req.queries())
    const query = { ...asked, order: ask.orderOf(asked), account: asked.account, state: asked.state }
    const [status, accounts, expectedEverySeconds, { total, rows }] = await Promise.all([
      readStatusSummary({ ...deps, ...source }),
      readAccounts(source),
      readExpectedEverySeconds(source),
      readCategories(source, {
        ...query,
        today: view.today,
        limit: PAGE_SIZE,
        offset: (query.page - 1) * PAGE_SIZE,
      }),
    ])
    const [figures, courses] = await Promise.all([
      readFigures(source, rows, view.today),
      readCourses(source, rows, view.today),
    ])
    const facts = {
      status,
      accounts,
      total,
      rows,
      figures,
      courses,
      expectedEverySeconds,
      isDemo: isDemo(rows),
    }
    return c.html(overviewPage(view, query, facts))
  })

  app.get('/category', async (c) => {
    const view = viewOf(c)
    const { account, category, metrics, ...asked } = ask.readQuery(CATEGORY, c.req.queries())
    const facts = await readCategory(source, { account, category })
    if (facts === null) return c.html(notThere(view, { account, category }), 404)
    const query = { ...ask.rangeOf(asked, view.today), metrics }
    const shown = await readCategoryRange(source, query, facts)
    return c.html(categoryPage(view, { facts, query, ...shown, isDemo: isDemo([facts]) }))
  })

  app.get('/category.csv', async (c) => {
    const view = viewOf(c)
    const { account, category, metrics, ...asked } = ask.readQuery(CATEGORY, c.req.queries())
    const query = { ...ask.rangeOf(asked, view.today), metrics }
    const rows = await readNewestTrends(source, query, { account, category })
    const lines = rows.map((row) => {
      const facts = FACTS.map((fact) => row[fact])
      return [row.bucket, ...metrics.map((metric) => row.values[metric] ?? null), ...facts]
    })
    return csv(c, 'category', csvOf([query.by, ...metrics, ...FACTS], lines))
  })

  app.get('/compare', async (c) => {
    const view = viewOf(c)
    const { c: wanted, metric, add, ...asked } = ask.readQuery(COMPARE, c.req.queries())
    const query = { ...ask.rangeOf(asked, view.today), metrics: [metric] }
    const chosen = wanted.slice(0, MOST_COMPARED)
    const [accounts, expectedEverySeconds, facts, { rows: found }] = await Promise.all([
      readAccounts(source),
      readExpectedEverySeconds(source),
      Promise.all(chosen.map((key) => readCategory(source, key))),
      readCategories(source, {
        q: add,
        account: undefined,
        state: undefined,
        sort: 'name',
        order: 'asc',
        today: view.today,
        limit: add === '' ? 0 : 20,
        offset: 0,
      }),
    ])
    const compared = await compare(
      source,
      query,
      chosen.filter((_, i) => facts[i] !== null),
    )
    return c.html(
      comparePage(view, {
        query,
        metric,
        compared,
        add,
        found,
        hasAccounts: accounts.length > 1,
        leftOut: wanted.length - chosen.length,
        missing: chosen.filter((_, i) => facts[i] === null),
        edgesOf: await edgeFinder(source, query),
        wideSeconds: wideGapSeconds(query.by, expectedEverySeconds),
        isDemo: isDemo(chosen),
      }),
    )
  })

  app.get('/compare.csv', async (c) => {
    const view = viewOf(c)
    const { c: wanted, metric, ...asked } = ask.readQuery(COMPARE, c.req.queries())
    const query = { ...ask.rangeOf(asked, view.today), metrics: [metric] }
    const keys = wanted.slice(0, MOST_COMPARED)
    const buckets = bucketsOf(await compare(source, query, keys), metric).toReversed()
    const lines = buckets.map(({ bucket, values }) => [bucket, ...values])
    return csv(c, 'compare', csvOf([query.by, ...columnNames(keys)], lines))
  })

  app.get('/runs', async (c) => {
    const view = viewOf(c)
    const { before, troubled: flag } = ask.readQuery(RUNS, c.req.queries())
    const troubled = flag === 'yes'
    const [runs, failures, rejected] = await Promise.all([
      readRuns(source, { limit: RUNS_SHOWN + 1, before, troubled }),
      readFailures(source, { limit: FAILURES_SHOWN }),
      readRejected(source, { limit: REJECTED_SHOWN, bodyLimit: BODY_SHOWN }),
    ])
    return c.html(
      runsPage(view, {
        runs: runs.slice(0, RUNS_SHOWN),
        failures,
        rejected,
        troubled,
        hasOlder: runs.length > RUNS_SHOWN,
        isDemo: deps.demo || isDemo([...runs, ...failures, ...rejected]),
      }),
    )
  })

  app.get('/runs/rejected/:id{[0-9]{1,15}}', async (c) => {
    const view = viewOf(c)
    const id = Number(c.req.param('id'))
    const row = await readRejectedById(source, id)
    if (row === null) return c.notFound()
    return c.html(rejectedPage(view, row, isDemo([row])))
  })
}

function notThere(view: View, { account, category }: CategoryKey) {
  return problemPage(view, {
    title: 'No such category',
    message: `There is no category “${category}” in the account ${account}.`,
    hint: 'Names must match exactly, including case and spaces. The overview lists all of them.',
    isPassing: false,
  })
}

function csv(c: Context, name: string, text: string) {
  return c.body(text, 200, {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${name}.csv"`,
  })
}
