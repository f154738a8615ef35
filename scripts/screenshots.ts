// npm run screenshots: pictures for the docs, from the demo data: the dashboard, the terminal, a result in SQL.
// Needs Debian's chromium, and psql.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url))
const CATEGORY = '/category?account=sandbox&category=Suivi+colis'

const SHOTS = [
  { name: 'overview-light', path: '/', colorScheme: 'light', height: 1090 },
  { name: 'overview-dark', path: '/', colorScheme: 'dark', height: 1090 },
  { name: 'category', path: CATEGORY, colorScheme: 'light', height: 1020 },
] as const

const QUERY = `select day, sent, delivered, round(delivery_rate::numeric, 3) as rate, snapshots, widest_gap_seconds
from sms.trends_daily where category = 'codeConfirmation' order by day desc limit 8`

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'primosync-screenshots-'))
const daemon = spawn(process.execPath, [MAIN, 'start'], {
  cwd: folder,
  env: { PATH: process.env.PATH, HTTP_PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const { address, database } = await addressesOfDemo()
  await mkdir(IMAGES, { recursive: true })
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  for (const { name, path, colorScheme, height } of SHOTS) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height }, locale: 'en-GB' })
    await page.goto(address + path)
    if (path === CATEGORY) await page.locator('.uplot canvas').waitFor()
    await page.screenshot({ path: join(IMAGES, `${name}.png`) })
    await page.close()
  }
  await drawTerminal(browser, 'terminal', [
    ['primosync status', await primosync('status')],
    [
      'primosync trends --category codeConfirmation',
      await primosync('trends', '--category', 'codeConfirmation'),
    ],
  ])
  const { stdout } = await run('psql', [database, '-c', QUERY], {
    env: { PATH: process.env.PATH, PAGER: '' },
  })
  await drawTerminal(browser, 'sql', [[`psql "$DATABASE" -c "${QUERY}"`, stdout]])
  await browser.close()
} finally {
  daemon.kill('SIGTERM')
  if (daemon.exitCode === null) await once(daemon, 'exit')
  await rm(folder, { recursive: true, force: true })
}

/** Resolves once the history is loaded and the first tick is over. */
async function addressesOfDemo(): Promise<{ address: string; database: string }> {
  let text = ''
  for await (const chunk of daemon.stdout.setEncoding('utf8')) {
    text += chunk
    const address = /dashboard +(http:\S+?)\/\s/.exec(text)?.[1]
    const database = /psql "(.*?)"/.exec(text)?.[1]
    if (address && database && text.includes('next tick')) return { address, database }
  }
  throw new Error(`the demo ended before it was ready:\n${text}`)
}

async function primosync(...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, COLUMNS: '110' }
  return (await run(process.execPath, [MAIN, ...args], { cwd: folder, env })).stdout
}

/** What a terminal shows after each command, as a picture. */
async function drawTerminal(browser: Browser, name: string, commands: [string, string][]): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 400 } })
  await page.setContent('<pre id="screen"></pre>')
  await page.addStyleTag({
    content: `body { margin: 0; background: #1b1f27 } pre { display: inline-block; margin: 0; padding: 20px 24px;
      color: #dfe3ea; background: #1b1f27; font: 13px/1.35 'DejaVu Sans Mono', monospace }`,
  })
  const text = commands.map(([command, shown]) => `$ ${command}\n${shown.trimEnd()}`).join('\n\n')
  const screen = page.locator('#screen')
  await screen.evaluate((element, shown) => {
    element.textContent = shown
  }, text)
  await screen.screenshot({ path: join(IMAGES, `${name}.png`) })
  await page.close()
}
