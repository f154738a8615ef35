// What happened, in words. Pure; texts from outside are escaped where they become markup.
import { COUNTERS } from '../counters/names.ts'
import type { ErrorClass } from '../primotexto/answer.ts'
import { ADVICE } from '../primotexto/api-error.ts'
import type { CategoryKey } from '../read/category-keys.ts'
import type { EventKind, EventRow, Gap } from '../read/events.ts'
import { labelOf, type MetricName } from '../read/metrics.ts'
import { type Review, reviewCommand } from '../read/reviews.ts'
import type { Trend } from '../read/trends.ts'
import { durationText } from '../units.ts'
import type { Formats } from './format.ts'

/** A mark in a chart, and the line that explains it. */
export interface Mark {
  readonly letter: string
  readonly kind: EventKind | 'gap' | 'unreported'
  readonly title: string
  readonly at: Date
  readonly until: Date
  readonly text: string
  /** Shows what deciding otherwise would change; null where there is nothing to decide. */
  readonly command: string | null
}

const TITLES: Readonly<Record<EventKind, string>> = {
  reset: 'Reset',
  correction: 'Correction',
  dip: 'Dip',
  baseline: 'New baseline',
}

export function markOf(event: EventRow, key: CategoryKey, formats: Formats): Mark {
  const decision = event.decided ? ` ${decisionOf(event, formats)}` : ''
  return {
    letter: event.kind[0]!.toUpperCase(),
    kind: event.kind,
    title: event.decided ? `${TITLES[event.kind]}, decided` : TITLES[event.kind],
    at: event.observed_at,
    until: event.until,
    text: `${eventText(event, formats)}${decision}`,
    command: isForReview(event) ? reviewCommand(key, event) : null,
  }
}

const isForReview = (event: EventRow): event is EventRow & Review =>
  !event.decided && (event.kind === 'reset' || event.kind === 'correction')

function eventText(event: EventRow, formats: Formats): string {
  if (event.kind === 'reset') {
    return `The provider’s totals began again from zero. What they show since counts in full (${changesOf(event, formats)}): no growth is lost and none is made up.`
  }
  if (event.kind === 'correction') {
    return `The provider corrected its totals: ${changesOf(event, formats)}. The change keeps its sign, so that sums agree with the provider’s totals.`
  }
  if (event.kind === 'baseline') {
    return 'Counting starts afresh from these totals, which do not count as growth.'
  }
  const lasted = event.until.getTime() - event.observed_at.getTime()
  const time = lasted > 0 ? ` for at least ${durationText(lasted / 1000)}` : ''
  return `The provider answered almost zero${time} and then came back to its old totals. This was an outage of the provider, not a reset, so these answers are stored but not counted.`
}

function decisionOf({ decided_by, decided_at, why }: EventRow, formats: Formats): string {
  if (decided_by === null || decided_at === null) return 'This was decided by a person.'
  return `Decided by ${decided_by} on ${formats.instant(decided_at)}: ${why}`
}

/** `sent −35, delivered −33`: what fell where something did, else what grew; at most four. */
function changesOf({ changes, kind }: EventRow, formats: Formats): string {
  const known = COUNTERS.filter((name) => changes[name] !== null && Number(changes[name]) !== 0)
  const telling = kind === 'correction' ? known.filter((name) => Number(changes[name]) < 0) : known
  if (telling.length === 0) return 'nothing yet'
  const rest = telling.length > 4 ? ' and more' : ''
  return (
    telling
      .slice(0, 4)
      .map((name) => `${name} ${formats.signed(changes[name])}`)
      .join(', ') + rest
  )
}

export function gapMark({ from, to }: Gap): Mark {
  return {
    letter: 'G',
    kind: 'gap',
    title: 'Gap',
    at: from,
    until: to,
    text: `There is no snapshot that counts for ${durationText((to.getTime() - from.getTime()) / 1000)}. What grew meanwhile is known, but not when, so it is spread evenly over this time.`,
    command: null,
  }
}

/**
 * Runs of buckets where the provider left a metric out although it was known before and after; `rows` are
 * the oldest first. One mark for metrics that were left out together.
 */
export function unreportedMarks(
  rows: readonly Trend[],
  metrics: readonly MetricName[],
  edges: readonly (readonly [number, number])[],
): Mark[] {
  const leftOut = new Map<string, MetricName[]>()
  for (const metric of metrics) {
    if (metric.endsWith('_rate')) continue // null on a zero denominator, too
    const known = rows.flatMap(({ values }, i) => (values[metric] === null ? [] : [i]))
    for (const [k, index] of known.entries()) {
      const next = known[k + 1]
      if (next === undefined || next === index + 1) continue
      const key = `${index + 1} ${next - 1}`
      leftOut.set(key, [...(leftOut.get(key) ?? []), metric])
    }
  }
  return [...leftOut].map(([key, left]) => {
    const [first, last] = key.split(' ').map(Number) as [number, number]
    return {
      letter: 'N',
      kind: 'unreported',
      title: 'Not reported',
      at: new Date(edges[first]![0]),
      until: new Date(edges[last]![1]),
      text: `The provider left ${left.map(labelOf).join(', ').toLowerCase()} out of its answers: unknown, not zero. What grew meanwhile counts where it came back.`,
      command: null,
    }
  })
}

const HAPPENED: Readonly<Record<ErrorClass, string>> = {
  authentication: 'The provider did not accept the API key.',
  account: 'The provider refused the account.',
  throttled: 'The provider asked for fewer requests.',
  request: 'The provider did not accept the request.',
  category: 'The provider does not know the category.',
  server: 'The provider answered with an error.',
  network: 'The provider could not be reached.',
}

/** What happened, and what to do. */
export function failureText(errorClass: ErrorClass): string {
  return `${HAPPENED[errorClass]} ${ADVICE[errorClass]}`
}

const REASONS: Readonly<Record<string, string>> = {
  conflict: 'Another answer with other values is stored at the same instant, and stays.',
  clock: 'This machine’s clock went back: the answer is not later than the newest snapshot.',
  final: 'Its time lies in a part of the history that pruning has made final, so nothing can be added there.',
}

export const rejectionText = (reason: string) => REASONS[reason] ?? reason

const STATUSES: Readonly<Record<string, string>> = {
  ok: 'all well',
  partial: 'part of the categories failed',
  failed: 'no category got an answer',
  running: 'under way',
  abandoned: 'its process died; what had arrived is kept',
}

export const runText = (status: string) => STATUSES[status] ?? status
