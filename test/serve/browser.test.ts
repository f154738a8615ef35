// The pages in a real browser. Runs where Debian's chromium is there.
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { AppDeps } from '../../src/serve/deps.ts'
import { serve } from '../../src/serve/http.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/pool.ts'
import { openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf, DAY_MS, fillWarehouse, HOUR_MS } from './app.ts'

const CHROMIUM = '/usr/bin/chromium'
const missing = existsSync(CHROMIUM)
  ? ''
  : ' (left out: there is no /usr/bin/chromium; apt-get install chromium)'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const EVIL = '<img src=x onerror=alert(1)>'
const CATEGORY = '/category?category=codes&by=day'
const PAGES = {
  overview: '/',
  category: CATEGORY,
  compare: `/compare?c=default/codes&c=default/${encodeURIComponent(EVIL)}`,
  runs: '/runs',
  'no such page': '/nowhere',
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
  }[]
}

interface Site {
  readonly warehouse: TestWarehouse
  readonly url: string
}

/** Ten days of two categories, by the hour, one of them with a gap, a reset and a correction. */
async function fill(warehouse: TestWarehouse): Promise<void> {
  const start = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 10 * DAY_MS
  const totals = (hour: number) => (hour < 150 ? hour * 20 - (hour === 60 ? 40 : 0) : (hour - 150) * 20)
  const hours = Array.from({ length: 240 }, (_, hour) => hour).filter((hour) => hour < 80 || hour > 115)
  const lines = hours.flatMap((hour) => {
    const observed_at = new Date(start + hour * HOUR_MS).toISOString()
    const sent = totals(hour)
    const stats = { sent, delivered: Math.floor(sent * 0.95), openers: Math.floor(sent / 3) }
    const other = { sent: hour * 7, delivered: hour * 6, openers: hour }
    return [
      { category: 'codes', observed_at, stats },
      { category: EVIL, observed_at, stats: other },
    ]
  })
  await recordLines(warehouse, lines, 500)
  await warehouse.pool.query(
    `insert into store.run (key, trigger, started_at, finished_at, status, categories, stored, failed, rejected)
     values (gen_random_uuid(), 'schedule', now(), now(), 'partial', 2, 1, 1, 1)`,
  )
  for (const [table, column, more] of [
    ['failure', 'message', "'network', 1"],
    ['rejected', 'body', "'no object'"],
  ] as const) {
    const columns = table === 'failure' ? 'class, attempts' : 'reason'
    await warehouse.pool.query(
      `insert into store.${table} (run_id, category_id, at, ${columns}, ${column})
       select (select max(id) from store.run), id, now(), ${more}, $1 from store.category`,
      [EVIL],
    )
  }
}

describe.skipIf(missing)(`in Chromium${missing}`, () => {
  let browser: Browser
  let site: Site
  const closing: (() => Promise<unknown>)[] = []

  /** Serves the pages of a warehouse until the end of this file. */
  const open = async (warehouse: Warehouse, changed: Partial<AppDeps> = {}): Promise<string> => {
    const server = await serve(await appOf(warehouse, changed), '127.0.0.1', 0)
    closing.unshift(() => server.close())
    return server.url
  }
  const openFilled = async (how: (warehouse: TestWarehouse) => Promise<void>): Promise<TestWarehouse> => {
    const warehouse = await openTestWarehouse()
    closing.unshift(() => warehouse.close())
    await how(warehouse)
    return warehouse
  }

  beforeAll(async () => {
    // no sandbox within a container: its own user namespaces are not to be had there
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    const warehouse = await openFilled(fill)
    site = { warehouse, url: await open(warehouse) }
  })
  afterAll(async () => {
    await browser?.close()
    for (const close of closing) await close()
  })

  /** A page, and all that the browser complained about. */
  const visit = async (url: string, options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`) && dialog.dismiss())
    await page.goto(url)
    return { page, complaints, context }
  }

  const seriousFaults = async (page: Page) => {
    await page.evaluate(AXE)
    const { violations } = await page.evaluate<AxeResults>('axe.run()')
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`)
  }

  for (const [name, path] of Object.entries(PAGES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${name}, ${colorScheme}: well-formed, nothing for axe, nothing for the console`, async () => {
        const { page, complaints } = await visit(site.url + path, { colorScheme })
        if (path.startsWith('/c')) await page.locator('.uplot canvas').waitFor()
        expect(await seriousFaults(page)).toEqual([])
        expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
        const brightness = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
        expect(Number(/\d+/.exec(brightness)![0]) > 128).toBe(colorScheme === 'light')
      })
    }

    test(`${name} on a phone: nothing is wider than the screen`, async () => {
      const { page } = await visit(site.url + path, { viewport: { width: 360, height: 740 } })
      if (path.startsWith('/c')) await page.locator('.uplot canvas').waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    })
  }

  test('by keyboard alone: from the overview into a chart, bucket by bucket, closer and back', async () => {
    const { page } = await visit(site.url)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    await page.keyboard.press('Enter')
    const isSearch = () => page.evaluate<boolean>("document.activeElement.type === 'search'")
    for (let i = 0; i < 10 && !(await isSearch()); i++) await page.keyboard.press('Tab')
    await page.keyboard.type('cod')
    await page.waitForURL(/q=cod/)
    expect(await page.locator('tbody tr').count()).toBe(1)
    const focus = () => page.evaluate('document.activeElement.textContent')
    for (let i = 0; i < 30 && (await focus()) !== 'codes'; i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('.uplot canvas').waitFor()
    const isInChart = () => page.evaluate("document.activeElement.id === 'chart'")
    for (let i = 0; i < 40 && !(await isInChart()); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Home')
    const tip = page.locator('#chart-tip')
    const first = await tip.textContent()
    expect(first).toMatch(/Sent: \d+/)
    await page.keyboard.press('ArrowRight')
    expect(await tip.textContent()).not.toBe(first)
    await page.keyboard.press('+')
    await page.waitForURL(/zoom=\d+-\d+/)
    await page.keyboard.press('0')
    await page.waitForURL((url) => !url.search.includes('zoom'))
  })

  test('a chart: the tip tells the bucket under the pointer, a drag zooms, the address keeps it', async () => {
    const { page } = await visit(site.url + CATEGORY)
    const over = page.locator('.u-over')
    await over.waitFor()
    const box = (await over.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.5, box.y + 100)
    expect(await page.locator('#chart-tip .when').textContent()).toMatch(/^\w{3} \d{4}-\d{2}-\d{2}$/)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.8, box.y + 100)
    await page.mouse.up()
    await page.waitForURL(/zoom=/)
    await page.reload()
    await page.locator('#zoom-out').click()
    await page.waitForURL((url) => !url.search.includes('zoom'))
  })

  test('a category that is named like markup is text', async () => {
    const { page, complaints } = await visit(site.url)
    const own = `/category?category=${encodeURIComponent(EVIL)}`
    for (const path of [PAGES.compare, PAGES.runs, `/?q=${encodeURIComponent(EVIL)}`, own]) {
      await page.goto(site.url + path)
      expect(await page.locator('img').count()).toBe(0)
    }
    expect(complaints).toEqual([])
    expect(await page.locator('h1').textContent()).toBe(EVIL)
  })

  test('copies the SQL, and the numbers as CSV', async () => {
    const { page, context } = await visit(site.url + CATEGORY)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()')
    await page.getByRole('button', { name: 'Copy SQL' }).click()
    await page.getByText('Copied').waitFor()
    const { rows } = await site.warehouse.pool.query(await clipboard())
    expect(rows).toHaveLength(await page.locator('#table tbody tr').count())
    await page.getByRole('button', { name: 'Copy CSV' }).click()
    await expect.poll(clipboard).toMatch(/^day,sent,delivered,/)
  })

  test('the theme of one’s choice stays', async () => {
    const { page } = await visit(site.url, { colorScheme: 'light' })
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const light = await background()
    await page.getByLabel('Theme').selectOption('dark')
    const dark = await background()
    expect(dark).not.toBe(light)
    await page.reload()
    expect(await background()).toBe(dark)
  })

  test('without JavaScript: everything is there as tables, and search works', async () => {
    const { page } = await visit(site.url, { javaScriptEnabled: false })
    await page.getByRole('searchbox').fill('cod')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('link', { name: 'codes' }).click()
    expect(await page.locator('#table tbody tr').count()).toBeGreaterThan(9)
    expect(await page.getByText('The chart needs JavaScript').isVisible()).toBe(true)
    expect(await page.getByText('began again from zero').isVisible()).toBe(true)
    expect(await page.locator('button:visible', { hasText: 'Copy' }).count()).toBe(0)
  })

  test('with 1,000 categories: one page of them, and any of them found as one types', async () => {
    const { page } = await visit(
      await open(await openFilled((warehouse) => fillWarehouse(warehouse, 1000, 60))),
    )
    expect(await page.locator('tbody tr').count()).toBe(50)
    await page.getByRole('searchbox').fill('0777')
    await page.waitForURL(/q=0777/)
    expect(await page.locator('tbody th').allTextContents()).toEqual([
      expect.stringContaining('category 0777'),
    ])
    await page.getByRole('searchbox').fill('')
    await page.waitForURL((url) => !url.search.includes('q='))
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('Page 2 of 20').waitFor()
    expect(await seriousFaults(page)).toEqual([])
  })

  test('with a token: the login form, a wrong one, the right one, and out again', async () => {
    const url = await open(site.warehouse, { token: () => 'the-right-token' })
    const { page } = await visit(url + CATEGORY)
    expect(await seriousFaults(page)).toEqual([])
    await page.getByLabel('Token').fill('a-wrong-token')
    await page.keyboard.press('Enter')
    await page.getByText('This is not the token.').waitFor()
    await page.getByLabel('Token').fill('the-right-token')
    await page.keyboard.press('Enter')
    await page.locator('.uplot canvas').waitFor()
    expect(page.url()).toBe(url + CATEGORY)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.goto(`${url}/runs`)
    expect(page.url()).toContain('/login')
  })

  test('open to others without a token: it says why it shows nothing', async () => {
    const { page } = await visit(await open(site.warehouse, { host: '0.0.0.0' }))
    expect(await page.locator('main').textContent()).toContain('HTTP_TOKEN')
    expect(await seriousFaults(page)).toEqual([])
  })

  test('the database goes away while a page is open: it says so, and recovers by itself', async () => {
    const line = await openLine(new URL(site.warehouse.url))
    const url = new URL(site.warehouse.url)
    url.host = `127.0.0.1:${line.port}`
    const warehouse = openWarehouse(url.href)
    closing.unshift(() => warehouse.close(), line.cut)
    const address = await open(warehouse)
    const { page, context } = await visit('about:blank')
    await page.clock.install()
    await page.goto(`${address}/runs`)
    await page.locator('tbody tr').first().waitFor()
    await line.cut()
    await page.clock.runFor(16_000)
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('The database cannot be used at the moment')
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0)

    const other = await context.newPage()
    await other.clock.install()
    await other.goto(`${address}/runs`)
    expect(await other.locator('h1').textContent()).toBe('The database is away')

    await line.mend()
    await page.clock.runFor(6_000)
    await alert.waitFor({ state: 'hidden' })
    await other.clock.runFor(6_000)
    await other.locator('tbody tr').first().waitFor()
  })
})

/** A line to a database that can be cut and mended. */
async function openLine({ hostname, port }: URL) {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy()).on('close', () => other.destroy())
      socket.pipe(other)
    }
  })
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const own = await listen(0)
  return {
    port: own,
    async cut() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    mend: () => listen(own),
  }
}
