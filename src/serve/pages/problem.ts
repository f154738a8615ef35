// Pages instead of an answer: not signed in, closed, not found, error.
import { html } from 'hono/html'
import { type Html, layout, notice, type View } from './layout.ts'

export interface Problem {
  readonly title: string
  readonly message: string
  readonly hint: string
  /** Whether the page may retry by itself once the server is ready. */
  readonly isPassing: boolean
}

export function problemPage(view: View, problem: Problem): Html {
  return layout(view, {
    title: problem.title,
    isBroken: problem.isPassing,
    main: html`<h1>${problem.title}</h1>
${notice(problem.isPassing ? 'bad' : 'warn', problem.message, problem.hint)}
${
  problem.isPassing
    ? html`<p class="muted" data-needs-script hidden>This page tries again by itself.</p>`
    : html`<p><a href="/">To the overview</a></p>`
}`,
  })
}

export function loginPage(view: View, login: { to: string; fault: string | null }): Html {
  return layout(view, {
    title: 'Sign in',
    isClosed: true,
    main: html`<div class="login"><h1>Sign in</h1>
<p>The token is what <code>HTTP_TOKEN</code> is set to where primosync runs. Where it is not set, open the sign-in link that primosync prints when it starts, or take the token from the file <code>http-token</code> in its data folder.</p>
${login.fault === null ? '' : html`<p class="notice bad" role="alert" id="fault">${login.fault}</p>`}
<form method="post" action="/login">
<input type="hidden" name="to" value="${login.to}">
<label>Token <input type="password" name="token" required autofocus autocomplete="current-password"${login.fault === null ? '' : html` aria-describedby="fault"`}></label>
<button>Sign in</button></form></div>`,
  })
}

export function closedPage(view: View, closed: { message: string; hint: string }): Html {
  return layout(view, {
    title: 'Not open',
    isClosed: true,
    main: html`<h1>Not open</h1>${notice('warn', closed.message, closed.hint)}`,
  })
}
