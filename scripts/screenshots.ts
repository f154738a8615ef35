// npm run screenshots: pictures of the dashboard for the docs, from the demo data. Needs Debian's chromium.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url))
const CATEGORY = '/category?account=sandbox&category=Suivi+colis'

const SHOTS = [
  { name: 'overview-light', path: '/', colorScheme: 'light', height: 1090 },
  { name: 'overview-dark', path: '/', colorScheme: 'dark', height: 1090 },
  { name: 'category', path: CATEGORY, colorScheme: 'light', height: 1020 },
] as const

const folder = await mkdtemp(join(tmpdir(), 'primosync-screenshots-'))
const daemon = spawn(process.execPath, [MAIN, 'start'], {
  cwd: folder,
  env: { PATH: process.env.PATH, HTTP_PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const address = await addressOfDemo()
  await mkdir(IMAGES, { recursive: true })
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  for (const { name, path, colorScheme, height } of SHOTS) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height }, locale: 'en-GB' })
    await page.goto(address + path)
    if (path === CATEGORY) await page.locator('.uplot canvas').waitFor()
    await page.screenshot({ path: join(IMAGES, `${name}.png`) })
    await page.close()
  }
  await browser.close()
} finally {
  daemon.kill('SIGTERM')
  if (daemon.exitCode === null) await once(daemon, 'exit')
  await rm(folder, { recursive: true, force: true })
}

/** Resolves once the history is loaded and the first tick is over. */
async function addressOfDemo(): Promise<string> {
  let text = ''
  for await (const chunk of daemon.stdout.setEncoding('utf8')) {
    text += chunk
    const address = /dashboard +(http:\S+?)\/\s/.exec(text)?.[1]
    if (address && text.includes('next tick')) return address
  }
  throw new Error(`the demo ended before it was ready:\n${text}`)
}
