// The checks of the provider: whether it can be reached, the API key is valid and the clocks agree.
import { ITSELF } from '../counters/account.ts'
import { PrimosyncError, reasonOf } from '../errors.ts'
import type { Proxies } from '../network/proxies.ts'
import { openRoute } from '../network/route.ts'
import { PROGRAM } from '../own-command.ts'
import { ApiError } from '../primotexto/api-error.ts'
import type { Asked } from '../primotexto/circuit.ts'
import type { Client } from '../primotexto/client.ts'
import { type Finding, ill, well } from './finding.ts'

/** Snapshots carry the time of this machine, so a clock that is off makes hours and days wrong. */
const CLOCK_TOLERANCE_MS = 60_000

/** Compares `now` (epoch milliseconds) with the clock of the API's server. The API key is not sent. */
export async function checkClock(
  baseUrl: string,
  { timeoutMs, proxies, now = Date.now }: { timeoutMs: number; proxies: Proxies; now?: () => number },
): Promise<Finding> {
  const route = openRoute(baseUrl, { proxies, connectTimeoutMs: timeoutMs, maxResponseSize: 1024 * 1024 })
  try {
    const { headers, body } = await route.dispatcher.request({
      method: 'GET',
      origin: new URL(baseUrl).origin,
      path: '/',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await body.dump()
    const theirs = Date.parse(String(headers.date))
    if (Number.isNaN(theirs)) return well('clock', 'cannot be compared, as the API sends no date')
    const aheadMs = now() - theirs
    if (Math.abs(aheadMs) < CLOCK_TOLERANCE_MS) return well('clock', 'agrees with the API')
    const minutes = Math.round(Math.abs(aheadMs) / 60_000)
    return ill(
      'clock',
      `${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} the API`,
      'Set the clock of this machine (NTP), as snapshots carry its time.',
    )
  } catch (error) {
    const reason = route.proxyProblem(error) ?? reasonOf(error)
    return ill('clock', `cannot be compared: ${reason}`, 'See the line of the API.')
  } finally {
    await route.close()
  }
}

/** Asks an account for its own totals. Without them only credits and what no category accounts for are unknown. */
export async function checkAccountStats(account: string, client: Client): Promise<Finding> {
  const subject = `account, ${account}`
  const without = 'Without it credits are unknown; categories are not affected.'
  try {
    const { result } = await client.run(new AbortController().signal)(ITSELF)
    if (result.kind === 'reading') {
      const { timespent: credits } = result.reading
      return well(subject, `answers for itself; credits: ${credits ?? 'not reported'}`)
    }
    return well(subject, `does not answer for itself as expected: ${result.reason}. ${without}`)
  } catch (error) {
    return well(subject, `does not answer for itself: ${reasonOf(error)}. ${without}`)
  }
}

/** Asks for one category of an account. */
export async function checkAccount(
  account: string,
  client: Client,
  target: Asked | undefined,
): Promise<Finding> {
  const subject = `API, ${account}`
  if (target === undefined) {
    return ill(
      subject,
      'no category to ask for',
      `Add one: ${PROGRAM} category add NAME, or set PRIMOTEXTO_CATEGORIES.`,
    )
  }
  const startedAt = performance.now()
  try {
    const { result } = await client.run(new AbortController().signal, [target])(target.category)
    const ms = Math.round(performance.now() - startedAt)
    const name = JSON.stringify(target.category)
    if (result.kind === 'reading') return well(subject, `answers for ${name} in ${ms} ms`)
    return ill(
      subject,
      `the answer for ${name} is not usable: ${result.reason}`,
      'See sync.rejected for the whole answers of earlier runs.',
    )
  } catch (error) {
    const advice = error instanceof PrimosyncError ? error.hint : null
    const kind = error instanceof ApiError ? `${error.class}: ` : ''
    return ill(subject, `${kind}${reasonOf(error)}`, advice ?? 'Check the network and PRIMOTEXTO_BASE_URL.')
  }
}
