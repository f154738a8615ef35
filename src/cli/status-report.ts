// The state of things as lines for a person, within the columns of a terminal. Pure.
import { PROGRAM } from '../own-command.ts'
import { type AccountStats, creditsText, unattributedShare, unattributedText } from '../read/account-stats.ts'
import { exactSum } from '../read/exact-number.ts'
import type { FailureSummary, Run } from '../read/runs.ts'
import type { SentOnDay } from '../read/sent-by-day.ts'
import { type CategoryStatus, SENT_DAYS, type Status } from '../read/status.ts'
import { EMPTY_HINT } from '../read/words.ts'
import { bytesText, relativeTime } from '../units.ts'
import { wrapTo } from './layout.ts'
import { sparkline } from './sparkline.ts'
import { type Colors, type Column, formatTable } from './table.ts'
import { absoluteTime, clockTime } from './times.ts'

/** How many categories and failures are listed; the stale and the newest ones come first. */
export const LISTED = 30

export interface View {
  readonly colors: Colors
  /** Columns of the terminal; null: no limit. */
  readonly width: number | null
}

export function statusLines(facts: Status, view: View): string[] {
  const { colors, width } = view
  const { demo, failures, categories } = facts
  const head = headLines(facts, view)
  const lines = demo ? [colors.yellow('DEMO DATA: no PRIMOTEXTO_API_KEY is set.'), ...head] : head
  if (failures.length > 0) {
    lines.push('', 'failures of the last 24 hours')
    lines.push(formatTable(failures.slice(0, LISTED), failureColumns(facts, view), colors, width))
    lines.push(...restLine(failures.length, 'select * from sync.failures', view))
  }
  lines.push('')
  if (categories.length === 0)
    return [...lines, `There is no category yet. Add one: ${PROGRAM} category add NAME`]
  lines.push(formatTable(categories.slice(0, LISTED), categoryColumns(facts, view), colors, width))
  lines.push(...restLine(categories.length, 'select * from sms.freshness', view))
  if (categories.some(({ note }) => note === 'empty')) lines.push('', ...wrapTo(EMPTY_HINT, width))
  return lines.flatMap((line) => line.split('\n'))
}

const NAME_COLUMNS = 13

type HeadLine = [name: string, text: string, paint?: (text: string) => string]

function headLines(facts: Status, { colors, width }: View): string[] {
  const { now, timezone, schedule, last_run: lastRun, next_tick_at: nextTickAt, spool, storage } = facts
  const when = (at: Date) => `${relativeTime(at, now)} (${clockTime(at, now, timezone)})`
  const { rejected_last_day: rejected, categories } = facts
  const { stale } = facts.category_counts
  const lines: HeadLine[] = [
    ['now', `${absoluteTime(now, timezone)} ${timezone}`],
    lastRun
      ? [
          'last run',
          `${lastRun.status}, ${when(lastRun.started_at)}: ${countsOf(lastRun)}`,
          paintOf(lastRun, colors),
        ]
      : ['last run', 'none yet'],
    ['next tick', nextTickAt ? `${when(nextTickAt)} while start runs; ${schedule}` : 'never'],
    spool.runs === 0
      ? ['spool', 'empty']
      : ['spool', `${plural(spool.runs, 'run')} to be stored, ${bytesText(spool.bytes)}`, colors.yellow],
    ['storage', `${bytesText(storage.database_bytes)}, about ${count(storage.snapshots)} snapshots`],
    rejected === 0
      ? ['rejected', 'none in 24 hours']
      : ['rejected', `${plural(rejected, 'answer')} in 24 hours (sync.rejected)`, colors.yellow],
    ...rejectingLine(facts, when, colors),
    stale === 0
      ? ['stale', 'none']
      : ['stale', `${stale} of ${plural(categories.length, 'category', 'categories')}`, colors.red],
  ]
  lines.push(...facts.accounts.map((account) => accountLine(account, facts, colors)))
  return lines.flatMap(([name, text, paint = String]) =>
    wrapTo(text, width && Math.max(20, width - NAME_COLUMNS)).map(
      (line, i) => (i === 0 ? name : '').padEnd(NAME_COLUMNS) + paint(line),
    ),
  )
}

/** Nothing of these categories is stored until somebody acts. */
function rejectingLine({ rejecting }: Status, when: (at: Date) => string, colors: Colors): HeadLine[] {
  const [first] = rejecting
  if (first === undefined) return []
  const others = rejecting.length > 1 ? `; so it is for ${rejecting.length - 1} more` : ''
  const text = `Every answer for ${first.category ?? 'the account itself'} since ${when(first.since)}, ${first.answers} in all: ${first.reason}${others}.`
  return [['', text, colors.red]]
}

/** Credits, how long they last, and what no watched category accounts for. */
function accountLine(account: AccountStats, { accounts }: Status, colors: Colors): HeadLine {
  const share = unattributedShare(account)
  const text = [
    ...(accounts.length > 1 ? [account.account] : []),
    creditsText(account),
    ...(share === null ? [] : [unattributedText(account, count)]),
  ].join('; ')
  return share === null ? ['credits', text] : ['credits', text, colors.yellow]
}

function paintOf({ status }: Run, colors: Colors): (text: string) => string {
  if (status === 'ok') return colors.green
  return status === 'failed' || status === 'abandoned' ? colors.red : colors.yellow
}

function countsOf({ categories, stored, failed, rejected, late }: Run): string {
  const troubles = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...(late > 0 ? [`${late} late`] : []),
  ]
  return [plural(categories, 'category', 'categories'), `${count(stored)} stored`, ...troubles].join(', ')
}

function categoryColumns(
  { now, timezone, categories }: Status,
  { colors }: View,
): readonly Column<CategoryStatus>[] {
  const paint = (text: string, { stale, state }: CategoryStatus) =>
    stale ? colors.red(text) : state === 'paused' ? colors.dim(text) : text
  return [
    ...accountColumn<CategoryStatus>(categories),
    { header: 'category', value: ({ category }) => category, color: paint, narrow: 'cut' },
    {
      header: 'state',
      value: ({ state, stale, note }) =>
        [state, ...(stale ? ['stale'] : []), ...(note ? [note] : [])].join(', '),
      color: paint,
    },
    {
      header: 'last snapshot',
      value: ({ last_snapshot_at: at }) => (at === null ? 'never' : relativeTime(at, now)),
      color: paint,
    },
    {
      header: `sent, ${SENT_DAYS} days`,
      value: ({ sent_by_day: days }) => days && sparkline(days.map(({ sent }) => sent)),
      color: colors.cyan,
      narrow: 'drop',
    },
    {
      header: 'last 7 days',
      value: ({ sent_by_day: days }) => sumOf(days?.slice(-7)),
      align: 'right',
      narrow: 'drop',
    },
    {
      header: 'at',
      value: ({ last_snapshot_at: at }) => at && absoluteTime(at, timezone),
      narrow: 'drop',
    },
  ]
}

function failureColumns(
  { now, timezone, categories }: Status,
  { colors }: View,
): readonly Column<FailureSummary>[] {
  return [
    ...accountColumn<FailureSummary>(categories),
    { header: 'category', value: ({ category }) => category ?? 'the account', narrow: 'cut' },
    { header: 'class', value: (failure) => failure.class, color: colors.red },
    { header: 'times', value: (failure) => failure.count, align: 'right' },
    { header: 'last', value: ({ last_at }) => relativeTime(last_at, now) },
    { header: 'message', value: ({ message }) => message.replace(ITS_CATEGORY, ''), narrow: 'cut' },
    { header: 'at', value: ({ last_at }) => absoluteTime(last_at, timezone), narrow: 'drop' },
  ]
}

/** A message begins with the category, which has its own column here. */
const ITS_CATEGORY = /^(?:category "(?:[^"\\]|\\.)*"|the account): /

/** Only where there are several. */
function accountColumn<Row extends { account: string }>(
  categories: readonly { account: string }[],
): Column<Row>[] {
  if (new Set(categories.map(({ account }) => account)).size <= 1) return []
  return [{ header: 'account', value: ({ account }) => account, narrow: 'cut' }]
}

const restLine = (length: number, query: string, { colors }: View) =>
  length > LISTED ? [colors.dim(`… and ${count(length - LISTED)} more: ${query}`)] : []

function sumOf(days: readonly SentOnDay[] | undefined): string | null {
  const known = days?.map(({ sent }) => sent).filter((sent) => sent !== null) ?? []
  return known.length === 0 ? null : count(exactSum(known))
}

/** `1,234`. Integers beyond 2^53 arrive as text. */
const count = (value: number | string) => BigInt(value).toLocaleString('en')

export const plural = (value: number, one: string, many = `${one}s`) =>
  `${count(value)} ${value === 1 ? one : many}`
