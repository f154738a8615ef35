import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kindOf, labelOf, METRICS } from '../../src/read/metrics.ts'
import { compareSql, trendsSql } from '../../src/read/trends.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { decideLine, openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf, fillWarehouse } from './app.ts'

const EVIL = '<img src=x onerror=alert(1)>'
const QUOTE = `l'été "&" \\ ; drop 🎉`
const RANGE = 'from=2026-03-01&to=2026-03-05'

let warehouse: TestWarehouse
let app: Hono

/** Three categories: one with a reset, a correction, a gap, a dip and a decision; one named like markup; one with quotes. */
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  const line = (category: string, observed_at: string, sent: number, more = {}) => ({
    category,
    observed_at,
    stats: { sent, delivered: Math.floor(sent * 0.9), openers: Math.floor(sent / 2), ...more },
  })
  await recordLines(warehouse, [
    line('codes', '2026-03-01T00:00:00+01:00', 100),
    line('codes', '2026-03-01T12:00:00+01:00', 160),
    line('codes', '2026-03-02T00:00:00+01:00', 150), // a correction
    line('codes', '2026-03-02T01:00:00+01:00', 3), // a reset
    line('codes', '2026-03-04T06:00:00+01:00', 80), // a gap
    line('codes', '2026-03-04T07:00:00+01:00', 1), // a dip
    line('codes', '2026-03-04T08:00:00+01:00', 82),
    line('codes', '2026-03-05T08:00:00+01:00', 500),
    line(EVIL, '2026-03-01T00:00:00+01:00', 5),
    line(EVIL, '2026-03-02T00:00:00+01:00', 9),
    line(QUOTE, '2026-03-01T00:00:00+01:00', 1),
    line(QUOTE, '2026-03-03T00:00:00+01:00', 41),
  ])
  // Of the account itself, whose series has no category.
  await recordLines(warehouse, [
    line('', '2026-03-01T00:00:00+01:00', 1000, { timespent: 500 }),
    line('', '2026-03-04T00:00:00+01:00', 1900, { timespent: 250.5 }),
  ])
  await decideLine(warehouse, { category: 'codes', observed_at: '2026-03-05T08:00:00+01:00', as: 'baseline' })
  await warehouse.pool.query(
    `insert into store.run (key, trigger, started_at, finished_at, status, categories, stored, failed, rejected)
     values (gen_random_uuid(), 'schedule', now(), now(), 'partial', 3, 1, 1, 1)`,
  )
  await warehouse.pool.query(
    `insert into store.failure (run_id, category_id, at, class, http_status, api_code, attempts, message)
     select (select max(id) from store.run), id, now(), 'authentication', 401, 72, 1, $1 from store.category where name = 'codes'`,
    [`HTTP 401, code 72: ${EVIL}`],
  )
  await warehouse.pool.query(
    `insert into store.rejected (run_id, category_id, at, reason, body)
     select (select max(id) from store.run), id, now(), 'sent is no integer', $1 from store.category where name = 'codes'`,
    [`{"sent": "${EVIL}", "pad": "${'x'.repeat(5000)}THE-END"}`],
  )
  app = await appOf(warehouse)
})
afterAll(() => warehouse?.close())

const page = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await app.request(path, { headers })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
const categoryPath = (category: string, more = RANGE) =>
  `/category?${new URLSearchParams({ category })}&${more}`
/** The rows of the page's table of numbers, as texts. */
const tableOf = (html: string) =>
  [
    ...html
      .slice(html.indexOf('<table id="table">'))
      .matchAll(/<tr[^>]*><th scope="row">(.*?)<\/th>(.*?)<\/tr>/gs),
  ].map(([, name, cells]) => [
    name,
    ...[...cells!.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, text]) => text),
  ])

describe('every page', () => {
  const paths = [
    '/',
    categoryPath('codes'),
    categoryPath(EVIL),
    `/compare?c=default/codes&c=default/${encodeURIComponent(EVIL)}&${RANGE}`,
    '/runs',
    '/nowhere',
    '/category?category=none',
  ]
  for (const path of paths) {
    test(`${path.slice(0, 40)}: nothing inline, nothing from elsewhere, nothing that a name could become`, async () => {
      const { text, headers } = await page(path)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      )
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(text).not.toMatch(/<img|<script>|\sstyle=|\son[a-z]+="|(src|href)="(https?:)?\/\//)
      expect(text).toContain('<html lang="en"')
      expect(text).toMatch(/<h1[ >]/)
    })
  }

  test('is not sent again to who has it, and is compressed', async () => {
    const first = await app.request('/runs')
    const etag = first.headers.get('etag')!
    const again = await app.request('/runs', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const small = await app.request('/runs', { headers: { 'accept-encoding': 'gzip' } })
    expect(small.headers.get('content-encoding')).toBe('gzip')
  })

  test('its assets are there, for good, and no other file is', async () => {
    const { text } = await page(categoryPath('codes'))
    const addresses = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, address]) => address!)
    expect(addresses.length).toBeGreaterThan(5)
    for (const address of addresses) {
      const answer = await app.request(address)
      expect([address, answer.status]).toEqual([address, 200])
      expect(answer.headers.get('cache-control')).toContain('immutable')
    }
    const folder = addresses[0]!.slice(0, addresses[0]!.lastIndexOf('/'))
    for (const name of ['package.json', '..%2fpackage.json', 'constructor']) {
      expect((await app.request(`${folder}/${name}`)).status).toBe(404)
    }
  })
})

describe('the overview', () => {
  test('names each category, and what was odd in it', async () => {
    const { text } = await page('/')
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(text).toContain('Last run')
    expect(text).toMatch(/value bad">partial/)
  })

  test('search, account and state are in the address', async () => {
    const names = async (query: string) =>
      [...(await page(`/?${query}`)).text.matchAll(/<th scope="row"><a[^>]*>(.*?)<\/a>/g)].map(
        ([, name]) => name,
      )
    expect(await names('q=COD')).toEqual(['codes'])
    expect(await names('state=paused')).toEqual([])
    expect(await names('account=none')).toEqual([])
    expect((await names('sort=name&order=desc')).at(-1)).toBe((await names('sort=name'))[0])
  })

  test('says what to do where there is nothing', async () => {
    expect((await page('/?q=zzz')).text).toContain('No category matches')
    const empty = await openTestWarehouse()
    try {
      const text = await (await (await appOf(empty)).request('/')).text()
      expect(text).toContain('npm run -s primosync -- category add NAME')
    } finally {
      await empty.close()
    }
  })

  test('a number is written as the reader does', async () => {
    const big = await openTestWarehouse()
    try {
      await fillWarehouse(big, 30, 40)
      const fresh = await appOf(big)
      const cells = async (language: string) =>
        (
          await (await fresh.request('/?sort=sent', { headers: { 'accept-language': language } })).text()
        ).match(/data-label="7 days">([^<]+)</)![1]
      expect(await cells('en')).toMatch(/^\d,\d{3}$/)
      expect(await cells('de-DE, en;q=0.5')).toMatch(/^\d\.\d{3}$/)
      expect(await cells('"><script>')).toMatch(/^\d,\d{3}$/)
    } finally {
      await big.close()
    }
  })

  test('demo data say so, and leave no trace among real ones', async () => {
    const demo = await openTestWarehouse()
    try {
      await recordLines(demo, [
        { account: 'sandbox', category: 'made up', observed_at: '2026-03-01T00:00:00Z', stats: { sent: 1 } },
        { account: 'default', category: 'real', observed_at: '2026-03-01T00:00:00Z', stats: { sent: 1 } },
      ])
      const asDemo = await (await (await appOf(demo, { demo: true })).request('/')).text()
      expect(asDemo).toContain('Demo data.')
      expect(asDemo).toContain('made up')
      const real = await appOf(demo)
      for (const path of ['/', '/runs', '/compare?add=made', '/api/v1/categories', '/api/v1/accounts']) {
        const text = await (await real.request(path)).text()
        expect(text).not.toMatch(/Demo data|sandbox|made up/)
      }
      expect(await (await real.request('/')).text()).toContain('real')
    } finally {
      await demo.close()
    }
  })
})

describe('a category', () => {
  test('tells in words what happened', async () => {
    const { text } = await page(categoryPath('codes'))
    for (const part of [
      '<strong>Reset</strong>',
      '<strong>Correction</strong>',
      '<strong>Dip</strong>',
      '<strong>Gap</strong>',
      '<strong>New baseline, decided</strong>',
      'Decided by a test',
      'sent -10',
      'There is no snapshot that counts for 2 d 5 h',
      'category codes --at 2026-03-01T23:00:00.000Z --as reset --dry-run</code>',
    ]) {
      expect(text).toContain(part)
    }
  })

  test('metrics that the provider left out are unknown, and that is said', async () => {
    await recordLines(warehouse, [
      { category: 'left out', observed_at: '2026-03-01T00:00:00+01:00', stats: { sent: 1, openers: 1 } },
      { category: 'left out', observed_at: '2026-03-02T00:00:00+01:00', stats: { sent: 2, openers: 2 } },
      { category: 'left out', observed_at: '2026-03-03T00:00:00+01:00', stats: { sent: 3 } },
      { category: 'left out', observed_at: '2026-03-04T00:00:00+01:00', stats: { sent: 4, openers: 9 } },
    ])
    const { text } = await page(categoryPath('left out', `${RANGE}&metrics=openers`))
    expect(text).toContain('left openers out of its answers')
    expect(tableOf(text).map(([, openers]) => openers)).toEqual(['–', '7', '–', '1'])
  })

  for (const by of ['hour', 'day', 'week', 'month'] as const) {
    for (const category of ['codes', QUOTE]) {
      test(`the SQL gives just the table by ${by}: ${category}`, async () => {
        const metrics = ['sent', 'openers'] as const
        const { text } = await page(categoryPath(category, `by=${by}&${RANGE}&metrics=${metrics}`))
        const shown = text.match(/<pre id="sql"[^>]*>(.*?)<\/pre>/s)![1]!
        const copied = shown
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&')
        expect(copied).toBe(
          trendsSql({ by, from: '2026-03-01', to: '2026-03-05', metrics }, { account: 'default', category }),
        )
        const { rows } = await warehouse.pool.query(copied)
        const cell = (value: number | null) => (value === null ? '–' : String(value))
        const expected = rows.map((row) => [cell(row.sent), cell(row.openers), String(row.snapshots)])
        expect(expected.length).toBeGreaterThan(0)
        expect(tableOf(text).map((cells) => cells.slice(1, 4))).toEqual(expected)
      })
    }
  }

  test('as CSV: the same numbers', async () => {
    const { text, headers } = await page(
      categoryPath('codes', `by=day&${RANGE}&metrics=sent`).replace('/category?', '/category.csv?'),
    )
    expect(headers.get('content-type')).toContain('text/csv')
    const lines = text.trim().split('\r\n')
    expect(lines[0]).toBe('day,sent,snapshots,corrections,resets,coverage,widest_gap_seconds,is_complete')
    expect(lines.at(-1)).toBe('2026-03-01,50,2,0,0,1,43200,true')
    expect(lines).toHaveLength(6)
  })

  test('a chart draws no more than is known: edges, values, what is spread', async () => {
    const { text } = await page(categoryPath('codes', `by=day&${RANGE}&metrics=sent`))
    const data = JSON.parse(
      text.match(/<script type="application\/json" id="chart-data">(.*?)<\/script>/s)![1]!,
    )
    expect(data.edges[0]).toEqual([
      Date.parse('2026-03-01T00:00+01:00') / 1000,
      Date.parse('2026-03-02T00:00+01:00') / 1000,
    ])
    expect(data.spread).toEqual([true, true, true, true, true])
    expect(data.series[0].values).toHaveLength(5)
  })

  for (const [path, status, told] of [
    ['/category?category=none', 404, 'There is no category “none”'],
    ['/category', 400, 'category: must be given'],
    [categoryPath('codes', 'by=second'), 400, 'by: one of hour, day, week, month'],
    [categoryPath('codes', 'metrics=sent,lies'), 400, 'metrics: one of sent'],
    [categoryPath('codes', 'from=2026-02-30'), 400, 'a date of the calendar'],
    [categoryPath('codes', 'to=0000-01-01'), 400, 'a day such as'],
    ['/?q=%00', 400, 'without NUL'],
    [categoryPath('codes', 'from=2026-03-05&to=2026-03-01'), 400, 'Exchange the two dates'],
    [categoryPath('codes', 'by=hour&from=2020-01-01&to=2026-03-01'), 400, 'look at it by day, week or month'],
    [categoryPath('codes', 'from=2020-01-01&to=2020-03-01'), 200, 'There is nothing in this range'],
  ] as const) {
    test(`${path}: ${told}`, async () => {
      const { status: actual, text } = await page(path)
      expect(actual).toBe(status)
      expect(text).toContain(told)
    })
  }
})

describe('compare', () => {
  const keys = [
    { account: 'default', category: 'codes' },
    { account: 'default', category: QUOTE },
  ]
  const path = `/compare?c=default/codes&c=default/${encodeURIComponent(QUOTE)}&${RANGE}&metric=sent`

  test('the SQL gives just the table', async () => {
    const { text } = await page(path)
    const { rows } = await warehouse.pool.query({
      text: compareSql({ by: 'day', from: '2026-03-01', to: '2026-03-05', metrics: ['sent'] }, keys),
      rowMode: 'array',
    })
    const expected = rows.map(([, ...values]) =>
      values.map((value: number | null) => (value === null ? '–' : String(value))),
    )
    expect(expected.length).toBe(5)
    expect(tableOf(text).map(([, ...values]) => values)).toEqual(expected)
  })

  test('as CSV, with names that no spreadsheet takes for a formula', async () => {
    await recordLines(warehouse, [
      { category: '=1+1', observed_at: '2026-03-01T00:00:00+01:00', stats: { sent: 1 } },
      { category: '=1+1', observed_at: '2026-03-01T10:00:00+01:00', stats: { sent: 2 } },
    ])
    const { text } = await page(`/compare.csv?c=default/${encodeURIComponent('=1+1')}&${RANGE}`)
    expect(text).toBe("day,'=1+1\r\n2026-03-01,1\r\n")
  })

  test('finds what is to be added, and says what is not there', async () => {
    const { text } = await page('/compare?c=default/none&add=cod')
    expect(text).toContain('Not there:')
    expect(text).toContain('c=default%2Fcodes')
  })
})

describe('runs', () => {
  test('failures say what to do, rejected answers show their bodies', async () => {
    const { text } = await page('/runs')
    for (const part of [
      'part of the categories failed',
      'The provider did not accept the API key. Check the API key',
      'code 72: &lt;img',
      'sent is no integer',
      '&lt;img src=x',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('THE-END')
    const whole = text.match(/href="(\/runs\/rejected\/\d+)"/)![1]!
    expect((await page(whole)).text).toContain('THE-END')
    expect((await page('/runs/rejected/999')).status).toBe(404)
  })

  test('only those with trouble', async () => {
    expect((await page('/runs?troubled=yes')).text).toContain('partial')
  })
})

test('the names of the metrics are those of the dictionary', async () => {
  const { rows } = await warehouse.pool.query('select metric, kind, label from sms.metrics order by position')
  expect(METRICS.map((metric) => ({ metric, kind: kindOf(metric), label: labelOf(metric) }))).toEqual(rows)
})

describe('the API', () => {
  const category = 'category=codes'
  const questions: [string, string][] = [
    ['/status', ''],
    ['/accounts', ''],
    ['/categories', 'sort=sent'],
    [
      '/trends',
      `c=default/codes&c=default/${encodeURIComponent(EVIL)}&${RANGE}&metrics=sent,timespent,open_rate`,
    ],
    ['/trends', `c=default/codes&by=hour&${RANGE}`],
    ['/trends', `c=default/codes&by=week&${RANGE}`],
    ['/deltas', category],
    ['/runs', ''],
    ['/failures', ''],
    ['/rejected', ''],
    ['/metrics', ''],
  ]
  // the document's schemas are checked by a tool that knows nothing of ours
  const ajv = new Ajv2020({
    formats: { 'date-time': (text) => !Number.isNaN(Date.parse(text)), date: /^\d{4}-\d{2}-\d{2}$/ },
  })
  const document = async () => JSON.parse((await page('/api/v1/openapi.json')).text)

  for (const [path, query] of questions) {
    test(`${path}?${query.slice(0, 40)} answers as its OpenAPI document says`, async () => {
      const { status, text } = await page(`/api/v1${path}?${query}`)
      expect(status).toBe(200)
      const { schema } = (await document()).paths[path].get.responses[200].content['application/json']
      const validate = ajv.compile(schema)
      const body = JSON.parse(text)
      validate(body)
      expect(validate.errors).toBeNull()
      const [list] = Object.values(body).filter(Array.isArray)
      if (list) expect(list.length).toBeGreaterThan(0)
    })
  }

  test('the document names every question, and each of its parameters', async () => {
    const { openapi, paths } = await document()
    expect(openapi).toBe('3.1.0')
    expect(Object.keys(paths).toSorted()).toEqual([...new Set(questions.map(([path]) => path))].toSorted())
    const names = paths['/trends'].get.parameters.map(({ name }: { name: string }) => name)
    expect(names).toEqual(['c', 'by', 'from', 'to', 'last', 'metrics'])
  })

  test('a wrong question, and an address that there is not', async () => {
    for (const [path, status] of [
      ['/api/v1/trends', 400],
      ['/api/v1/runs?limit=x', 400],
      ['/api/v1/none', 404],
    ] as const) {
      const { status: actual, text } = await page(path)
      expect(actual).toBe(status)
      expect(JSON.parse(text)).toEqual({ error: expect.any(String), hint: expect.any(String) })
    }
  })

  test('the deltas of a category, page by page', async () => {
    const { deltas } = JSON.parse((await page(`/api/v1/deltas?${category}&limit=2`)).text)
    expect(deltas.map(({ kind }: { kind: string }) => kind)).toEqual(['baseline', 'growth'])
    const older = JSON.parse(
      (await page(`/api/v1/deltas?${category}&limit=2&before=${deltas[1].observed_at}`)).text,
    )
    expect(older.deltas.map(({ kind }: { kind: string }) => kind)).toEqual(['dip', 'growth'])
  })
})

test('1,000 categories and a year: one page of them, small, and the rest behind it', async () => {
  const large = await openTestWarehouse()
  try {
    await fillWarehouse(large, 1000, 60)
    const app = await appOf(large)
    const answer = await app.request('/', { headers: { 'accept-encoding': 'gzip' } })
    expect((await answer.arrayBuffer()).byteLength).toBeLessThan(50_000)
    const text = await (await app.request('/?page=20')).text()
    expect(text.length).toBeLessThan(150_000)
    expect(text).toContain('Page 20 of 20, 1000 in all')
    expect(text).toContain('category 1000')
    const figures = await (await app.request('/?sort=sent')).text()
    const sent = [...figures.matchAll(/data-label="7 days">([\d,]+)</g)].map(([, n]) =>
      Number(n!.replace(',', '')),
    )
    expect(sent).toHaveLength(50)
    expect(sent).toEqual(sent.toSorted((one, other) => other - one))
  } finally {
    await large.close()
  }
})

test('while the database is away, or not prepared, pages and API say so and when they try again', async () => {
  const nobody = openWarehouse('postgres://nobody@127.0.0.1:1/none')
  const database = await createTestDatabase()
  const bare = openWarehouse(database.url)
  try {
    await bare.pool.query('drop schema sms, sync cascade')
    for (const [warehouse, told] of [
      [nobody, 'The database cannot be used at the moment'],
      [bare, 'npm run -s primosync -- migrate'],
    ] as const) {
      const app = await appOf(warehouse)
      for (const path of ['/', '/runs', '/category?category=a', '/api/v1/status']) {
        const answer = await app.request(path)
        expect([path, answer.status]).toEqual([path, 503])
        expect(answer.headers.get('retry-after')).toBe('5')
        expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
        expect(await answer.text()).toContain(told)
      }
      expect((await app.request('/healthz')).status).toBe(200)
    }
  } finally {
    await nobody.close()
    await bare.close()
    await database.drop()
  }
})
