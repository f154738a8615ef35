// Thirty days as a row of bars, drawn on the server. Unknown days are empty, days of a wide gap are pale.
import { html } from 'hono/html'
import type { Course } from '../../read/courses.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import type { Formats } from '../format.ts'
import type { Html } from './layout.ts'

const STEP = 5
const HEIGHT = 28
const FLOOR = HEIGHT - 1.5

export function sparkline(
  { sent, gaps }: Course,
  formats: Formats,
  expectedEverySeconds: number | null,
): Html {
  const known = sent.filter((value) => value !== null)
  if (known.length === 0) return html`<span class="muted">no data yet</span>`
  const highest = Math.max(1, ...known)
  const wideSeconds = wideGapSeconds('day', expectedEverySeconds)
  const bars = { day: '', spread: '' }
  sent.forEach((value, i) => {
    if (value === null) return
    const isSpread = (gaps[i] ?? 0) > wideSeconds
    const x = i * STEP + STEP / 2
    // a day without messages still shows that it is known; a fall hangs below the floor
    const end = value > 0 ? FLOOR - Math.max(1, (value / highest) * (FLOOR - 1)) : FLOOR + 1.5
    bars[isSpread ? 'spread' : 'day'] += `M${x} ${FLOOR}V${Math.round(end * 10) / 10}`
  })
  const label = `Sent by day, 30 days to today: from ${formats.count(Math.min(...known))} to ${formats.count(Math.max(...known))} a day`
  return html`<svg class="spark" role="img" aria-label="${label}" viewBox="0 0 ${STEP * 30} ${HEIGHT}" width="${STEP * 30}" height="${HEIGHT}"><path class="floor" d="M0 ${FLOOR + 0.5}H${STEP * 30}"/>${
    bars.day && html`<path d="${bars.day}"/>`
  }${bars.spread && html`<path class="spread" d="${bars.spread}"/>`}</svg>`
}
