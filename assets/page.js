// The script of every page: reports an unreachable server and recovers, copies, filters lists while typing.
const root = document.documentElement
const POLL_MS = 15_000
const RETRY_MS = 5_000
/** From the address of this script, as a reverse proxy may mount everything somewhere else. */
const STATUS = new URL('../../api/v1/status', import.meta.url)

for (const element of document.querySelectorAll('[data-needs-script]')) element.hidden = false

// ---- the state of the server

const live = document.getElementById('live')
let shownRun // the newest run when the page was loaded
let isAway = false

function showProblem(message) {
  isAway = true
  if (live.textContent !== message) live.textContent = message
  live.hidden = false
}

function recovered() {
  if (root.hasAttribute('data-broken')) return location.reload()
  if (!isAway) return
  isAway = false
  live.hidden = true
  live.textContent = ''
}

async function checkServer() {
  try {
    const answer = await fetch(STATUS, { headers: { accept: 'application/json' } })
    const body = await answer.json()
    if (answer.ok) {
      recovered()
      offerNewNumbers(body.last_run)
      return POLL_MS
    }
    showProblem(
      answer.status === 401
        ? 'Your session has ended: load this page again to sign in.'
        : `${body.error} This page shows what was known before, and tries again by itself.`,
    )
  } catch {
    showProblem(
      'primosync cannot be reached. This page shows what was known before, and tries again by itself.',
    )
  }
  return RETRY_MS
}

function offerNewNumbers(run) {
  const current = run && run.status !== 'running' ? run.id : shownRun
  if (shownRun === undefined || current === shownRun) {
    shownRun ??= current
    return
  }
  const footer = document.querySelector('footer')
  if (footer.querySelector('.fresh')) return
  const link = document.createElement('a')
  link.className = 'fresh'
  link.href = location.href
  link.textContent = 'There are newer numbers: load them'
  footer.prepend(link)
}

async function poll() {
  const waitMs = document.hidden ? POLL_MS : await checkServer()
  setTimeout(poll, waitMs)
}

if (root.hasAttribute('data-live')) setTimeout(poll, root.hasAttribute('data-broken') ? RETRY_MS : 0)

// ---- copy

async function copy(button, text) {
  const label = button.textContent
  try {
    await navigator.clipboard.writeText(await text())
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Copying is not allowed here'
  }
  setTimeout(() => (button.textContent = label), 2000)
}

for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue // exists only on localhost and over https
  button.hidden = false
  button.addEventListener('click', () =>
    copy(button, () => document.getElementById(button.dataset.copy).textContent),
  )
}
for (const link of document.querySelectorAll('[data-copy-from]')) {
  if (!navigator.clipboard) continue
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy CSV'
  button.addEventListener('click', () =>
    copy(button, async () => {
      const answer = await fetch(link.dataset.copyFrom)
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
      return await answer.text()
    }),
  )
  link.after(button)
}

// ---- filters while typing

for (const form of document.querySelectorAll('form[data-replaces]')) {
  let timer
  let asked = 0
  const refresh = async () => {
    const search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''))
    const address = `${form.getAttribute('action')}?${search}`
    const mine = ++asked
    const answer = await fetch(address)
    if (!answer.ok || mine !== asked) return // the next poll shows the error
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.getElementById(form.dataset.replaces)
    if (!fresh || mine !== asked) return
    document.getElementById(form.dataset.replaces).replaceWith(fresh)
    history.replaceState(null, '', address)
  }
  form.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => refresh().catch(() => {}), 200)
  })
}
