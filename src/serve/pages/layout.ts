// The frame of every page: head, navigation, notices, and small parts that all pages use.
import { html, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { relativeTime } from '../../units.ts'
import type { Assets } from '../assets.ts'
import type { Formats } from '../format.ts'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** What a page is shown with. */
export interface View {
  readonly formats: Formats
  readonly assets: Assets
  readonly timezone: string
  readonly now: Date
  /** The date of now in the reporting zone. */
  readonly today: string
  /** There is a session to end. */
  readonly isSignedIn: boolean
}

export interface Page {
  readonly title: string
  /** Which entry of the navigation this is. */
  readonly active?: string
  /** The page shows made-up numbers. */
  readonly isDemo?: boolean
  readonly hasChart?: boolean
  /** The page is closed to this visitor: no navigation, no polling. */
  readonly isClosed?: boolean
  /** The page reports an error, and is loaded again once the server is ready. */
  readonly isBroken?: boolean
  readonly main: Html
}

const ENTRIES = [
  ['/', 'Overview'],
  ['/compare', 'Compare'],
  ['/runs', 'Runs'],
] as const

export function layout(view: View, page: Page): Html {
  const { assets } = view
  const module = (name: string) => html`<script type="module" src="${assets.url(name)}"></script>`
  return html`<!doctype html>
<html lang="en" data-locale="${view.formats.locale}"${page.isBroken ? html` data-broken` : ''}${page.isClosed ? '' : html` data-live`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} – primosync</title>
<link rel="icon" href="${assets.url('icon.svg')}">
${page.hasChart ? html`<link rel="stylesheet" href="${assets.url('uPlot.min.css')}">` : ''}
<link rel="stylesheet" href="${assets.url('style.css')}">
<script src="${assets.url('theme.js')}"></script>
${page.isClosed ? '' : module('page.js')}
${page.hasChart ? html`<script src="${assets.url('uPlot.iife.min.js')}" defer></script>${module('chart.js')}` : ''}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/">primosync</a>
${page.isClosed ? '' : navigation(page.active)}
<div class="tools">
<label class="theme" hidden>Theme <select id="theme"><option value="">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label>
${view.isSignedIn ? html`<form method="post" action="/logout"><button>Sign out</button></form>` : ''}
</div>
</header>
<div id="live" class="notice bad" role="alert" hidden></div>
${page.isDemo ? DEMO_NOTICE : ''}
<main id="main" tabindex="-1">
${page.main}
</main>
<footer><span>Times in ${view.timezone}.</span> <span>The same data: <code>sms.*</code> in SQL, <a href="/api/v1/openapi.json">/api/v1</a> as JSON.</span></footer>
</body>
</html>`
}

const DEMO_NOTICE = html`<p class="notice demo"><strong>Demo data.</strong> These numbers are made up: the account
<code>sandbox</code> is played by primosync itself. Set <code>PRIMOTEXTO_API_KEY</code> to see your own.</p>`

function navigation(active: string | undefined): Html {
  return html`<nav aria-label="Pages">${ENTRIES.map(
    ([href, text]) => html`<a href="${href}"${active === href ? html` aria-current="page"` : ''}>${text}</a>`,
  )}</nav>`
}

/** An instant, exact and relative. */
export function time(view: View, at: Date | null, otherwise = 'never'): Html {
  if (at === null) return html`${otherwise}`
  return html`<time datetime="${at.toISOString()}" title="${view.formats.instant(at)}">${relativeTime(at, view.now)}</time>`
}

/** An instant to the minute. */
export function instant(view: View, at: Date | null): Html {
  if (at === null) return html`–`
  return html`<time datetime="${at.toISOString()}">${view.formats.instant(at)}</time>`
}

export function notice(kind: 'bad' | 'warn' | 'empty', title: string, text: Html | string): Html {
  return html`<div class="notice ${kind}"><strong>${title}</strong> ${text}</div>`
}

/** A text to be copied, with the button that does it; readable without the button. */
export function copyable(id: string, label: string, text: string): Html {
  return html`<details class="copyable"><summary>${label}</summary>
<pre id="${id}" tabindex="0">${text}</pre></details>
<button type="button" class="copy" data-copy="${id}" hidden>Copy ${label}</button>`
}

/** JSON for a script, in a block that browsers do not run, escaped so that it cannot end the block. */
export function dataBlock(id: string, value: unknown): Html {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c')
  return html`<script type="application/json" id="${id}">${raw(json)}</script>`
}
