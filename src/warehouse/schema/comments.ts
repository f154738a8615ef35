// What every object and column of schemas sms and sync means, with its unit, as comments in the database. docs/sql.md
// is generated from them. The texts of the metrics come from the dictionary.
import pg from 'pg'
import { ACCOUNT_COUNTERS } from '../../counters/account.ts'
import { GRAINS, VIEW_ENDINGS } from '../../counters/grains.ts'
import { TRIGGERS } from '../../spool/records.ts'
import { ANSWERS } from './answer-comments.ts'
import { BUCKETS, type Columns, type Commented, grownIn, grownRates, KEY, metrics } from './comment-parts.ts'

/** Sets all comments. */
export function commentsSql(): string {
  const objects = { ...SMS, ...trendViews(), ...ANSWERS, ...ACCOUNTS, ...SYNC }
  return [
    ...Object.entries(SCHEMAS).map(
      ([schema, text]) => `comment on schema ${schema} is ${pg.escapeLiteral(text)};`,
    ),
    ...Object.entries(objects).flatMap(([object, { comment, columns }]) => [
      `comment on ${object === 'sms.metrics' ? 'table' : 'view'} ${object} is ${pg.escapeLiteral(comment)};`,
      ...Object.entries(columns).map(
        ([column, text]) => `comment on column ${object}.${column} is ${pg.escapeLiteral(text)};`,
      ),
    ]),
  ].join('\n')
}

const SCHEMAS: Columns = {
  sms: 'What analysts may rely on: snapshots, deltas, trends and what they mean. Everything here is stable; all else in this database may change with a version.',
  sync: 'How the syncing went: runs, failures, rejected answers, decisions, prunes.',
}

/** The category of a question about the account itself is null. */
const KEY_OR_ACCOUNT: Columns = {
  account: KEY.account!,
  category: `${KEY.category} Null: the question about the account itself.`,
}

const STATE =
  'active: asked for at every tick; paused: not asked for at present; removed: no longer asked for, history kept.'
const RUN_ID = 'The run that stored it: sync.runs.id.'
const DAY = 'The calendar day of observed_at in the reporting time zone, as in sms.calendar.'

const reported = metrics(
  ({ kind, description, unit }) =>
    `${kind === 'gauge' ? 'Level' : 'Total'} at observed_at, as the provider reported it. ${description} Unit: ${unit}. Null: not reported.`,
  ['counter', 'gauge'],
)

const changes = metrics(
  ({ kind, description, unit }) =>
    `${kind === 'gauge' ? 'Difference of the two last known levels, signed.' : 'Change from previous_at to observed_at, signed.'} ${description} Unit: ${unit}. Null: unknown on one side, or no change is counted (baseline, dip).`,
  ['counter', 'gauge'],
)

const SNAPSHOT_COLUMNS: Columns = {
  ...KEY,
  day: DAY,
  observed_at: 'When the answer arrived. An instant, to the millisecond.',
  ...reported,
  extra: 'Fields of the answer that this version does not know, as JSON. Null: there were none.',
  source: 'api: asked for; import: read from a file.',
  run_id: RUN_ID,
}

const SMS: Readonly<Record<string, Commented>> = {
  'sms.metrics': {
    comment: 'The dictionary: what every metric in the other views means.',
    columns: {
      metric: 'The name of its column.',
      kind: 'counter: a total that grows; gauge: a level; rate: a quotient of counters.',
      label: 'A name for people.',
      description: 'What it counts.',
      unit: 'What one of it is.',
      formula: 'Of a rate: what is divided by what. Null: the provider reports the metric itself.',
      position: 'Its place in the order used everywhere.',
    },
  },
  'sms.accounts': {
    comment: 'The accounts: one for each API key.',
    columns: {
      account: 'Its name in the settings. "sandbox" holds demo data.',
      label: 'A name for people, from the settings. Null: none is set.',
      created_at: 'When it was first seen. An instant.',
    },
  },
  'sms.categories': {
    comment: 'All categories that were ever asked for. The history of those that no longer are stays.',
    columns: {
      ...KEY,
      state: STATE,
      label: 'A name for people. Null: none is set.',
      note: 'empty: the provider has answered, but no counter was ever above 0, so the spelling may be wrong; else null.',
      added_at: 'When it was added. An instant.',
      first_snapshot_at: 'Its first snapshot. An instant; null: none yet.',
      last_snapshot_at: 'Its newest snapshot. An instant; null: none yet.',
    },
  },
  'sms.snapshots': {
    comment: 'What the provider answered, one row an answer: totals since it began to count. Never changed.',
    columns: SNAPSHOT_COLUMNS,
  },
  'sms.deltas': {
    comment:
      'The change between two consecutive snapshots of a category. The first snapshot of a category is its baseline and has no row.',
    columns: {
      ...KEY,
      day: DAY,
      previous_at: 'The snapshot that the change is counted from. An instant; null: there was none.',
      observed_at: 'The snapshot that brought the change. An instant.',
      elapsed_seconds: 'From previous_at to observed_at. Unit: seconds. Null: there was no snapshot before.',
      kind: 'growth; correction: some counter went down, the signed difference counts; reset: counting began at 0 again, the new values count in full; dip: an outage of the provider, left out; baseline: counting starts afresh, no change.',
      decided: 'True where a person decided the kind (sync.decisions), false where the rules did.',
      ...changes,
      extra: 'Changes of the unknown fields that are whole numbers, as JSON. Null: there were none.',
    },
  },
  'sms.latest': {
    comment: 'The newest snapshot of each category.',
    columns: { ...SNAPSHOT_COLUMNS, age_seconds: 'How long ago that was. Unit: seconds.' },
  },
  'sms.freshness': {
    comment: 'How old the newest snapshot of each category is, and what went wrong last.',
    columns: {
      ...KEY,
      state: STATE,
      last_snapshot_at: 'Its newest snapshot. An instant; null: none yet.',
      age_seconds: 'How long ago that was. Unit: seconds; null: none yet.',
      expected_every_seconds:
        'The longest time between two ticks of the schedule. Unit: seconds; null: no schedule has run yet.',
      stale:
        'True where an active category has had no snapshot for more than twice that time and a minute. Null: no schedule has run yet.',
      last_failure_at: 'When asking for it last failed. An instant; null: never.',
      last_failure: 'Why: class and message. Null: it never failed.',
    },
  },
  'sms.calendar': {
    comment:
      "The days of the reporting time zone with their edges, by PostgreSQL's time zone data. A day that was skipped has no row.",
    columns: {
      day: 'The calendar day.',
      starts_at: 'Its first instant.',
      ends_at: 'The first instant after it.',
      hours: 'How long it is: 23 or 25 where the clocks change. Unit: hours.',
      week: 'The Monday of its ISO week.',
      month: 'The first day of its month.',
      weekday: '1 (Monday) to 7 (Sunday).',
      is_weekend: 'Whether it is a Saturday or a Sunday.',
    },
  },
}

const ITS_ACCOUNT: Columns = {
  account: 'The account: one API key. "sandbox" holds demo data.',
}
const CREDITS_UNIT = 'Unit: credits, as the provider counts them.'

/** A comment for each counter of an account. */
const accountCounters = (textOf: (what: string) => string): Columns =>
  Object.fromEntries(
    ACCOUNT_COUNTERS.map(({ name, description, unit }) => [name, textOf(`${description} Unit: ${unit}.`)]),
  )

const ACCOUNTS: Readonly<Record<string, Commented>> = {
  'sms.account_readings': {
    comment:
      'What the provider answered for an account as a whole, one row an answer. Never changed, and not removed by retention.',
    columns: {
      ...ITS_ACCOUNT,
      day: DAY,
      observed_at: 'When the answer arrived. An instant, to the millisecond.',
      ...accountCounters(
        (what) => `Total at observed_at, as the provider reported it. ${what} Null: not reported.`,
      ),
      credits: `The balance at observed_at. ${CREDITS_UNIT} Null: not reported.`,
      run_id: RUN_ID,
    },
  },
  'sms.account_trends_daily': {
    comment:
      'Growth of an account by day, by the same rules as sms.trends_daily: one row an account and day, from its first to its newest reading.',
    columns: {
      ...ITS_ACCOUNT,
      day: 'The calendar day of the reporting time zone. Its edges are in sms.calendar.',
      ...accountCounters((what) => `Growth in the day. ${what} Null: unknown, which is not zero.`),
      credits: `The last known balance of the day. ${CREDITS_UNIT} Null: unknown.`,
      credits_used: `The falls of credits between readings, summed, of the readings of the day. ${CREDITS_UNIT} Null: unknown.`,
      credits_bought: `The rises of credits between readings, summed, of the readings of the day. ${CREDITS_UNIT} Null: unknown.`,
      attributed:
        'What the watched categories of the account sent on the day. Unit: messages. Null where sent is unknown.',
      unattributed:
        'sent less attributed: a large part means that a category is missing, as the API cannot list them. It may be negative on a day of which the account is known only in part. Unit: messages. Null where sent is unknown.',
      is_complete: 'Whether the day is over and the newest reading of the account lies at its end or later.',
    },
  },
  'sms.credits': {
    comment: 'How long the credits of each account last. One row an account that has reported credits.',
    columns: {
      ...ITS_ACCOUNT,
      observed_at: 'The newest reading with credits. An instant.',
      credits: `The balance then. ${CREDITS_UNIT}`,
      used_7_days: `What was used in the 7 days up to observed_at, or in what is known of them. ${CREDITS_UNIT} Null: not known.`,
      used_28_days: `The same in 28 days. ${CREDITS_UNIT} Null: not known.`,
      per_day: `What is used a day, of the last 28 days or of what is known of them. Unit: credits a day. Null: less than a day is known.`,
      days_left:
        'How long the credits last at that pace, counted from observed_at; 0 where there are none. Unit: days. Null: nothing was used, or less than a day is known.',
      empty_on:
        'The calendar day of the reporting time zone on which they are used up. Null where it cannot be told, or lies a century ahead.',
    },
  },
}

function trendViews(): Record<string, Commented> {
  return Object.fromEntries(
    GRAINS.flatMap((grain): [string, Commented][] => [
      [
        `sms.trends_${VIEW_ENDINGS[grain]}`,
        {
          comment: `Growth by ${grain}: one row a category and ${grain}, from its first to its newest snapshot. What grew between two snapshots is spread evenly over the time between them, so that all grains add up to the same totals.`,
          columns: { ...KEY, ...BUCKETS[grain], ...grownIn(grain), ...FACTS, ...grownRates },
        },
      ],
      [
        `sms.trends_${VIEW_ENDINGS[grain]}_long`,
        {
          comment: `The same as sms.trends_${VIEW_ENDINGS[grain]} with one row a metric, for pivoting.`,
          columns: { ...KEY, [grain]: BUCKETS[grain][grain]!, ...LONG },
        },
      ],
    ]),
  )
}

const FACTS: Columns = {
  snapshots: 'How many snapshots lie in the bucket, dips included. Unit: snapshots.',
  corrections:
    'How many of their deltas are corrections: some total went down, and the signed difference counts. Unit: corrections.',
  resets:
    'How many of their deltas are resets: counting began at 0 again, and the new totals count in full. Unit: resets.',
  coverage:
    "The part of the bucket that lies between the category's first and newest snapshot: below 1 only at both ends of its history. Unit: ratio.",
  widest_gap_seconds:
    'The longest time between two consecutive snapshots (dips left out) that reaches into the bucket; a long one is an outage, whose growth is spread evenly. Unit: seconds. Null: none reaches into it.',
  is_complete: 'Whether the bucket is over and the newest snapshot of the category lies at its end or later.',
}

const LONG: Columns = {
  metric: 'Which metric: its row in sms.metrics says what it means, and in which unit.',
  kind: 'counter, gauge or rate: counters can be summed, gauges and rates cannot.',
  value: 'Its value, in the unit of the metric. Null: unknown, which is not zero.',
}

const SYNC: Readonly<Record<string, Commented>> = {
  'sync.runs': {
    comment: 'One row a tick, replay or import.',
    columns: {
      id: 'Its number: sms.snapshots.run_id, sync.failures.run, sync.rejected.run.',
      account: 'The only account that was asked for. Null: all.',
      trigger: `What started it: ${TRIGGERS.join(', ')}.`,
      scheduled_at: 'When it was due. An instant; null: it was not scheduled.',
      started_at: 'When it began. An instant.',
      finished_at: 'When it ended. An instant; null: it has not ended, or its process died.',
      status:
        'running; ok; partial: some categories failed; failed: all did; abandoned: the process ended before the run did.',
      categories: 'How many categories were asked for. Unit: categories.',
      stored: 'How many snapshots are new. Unit: snapshots.',
      failed: 'How many categories have no answer (sync.failures). Unit: categories.',
      rejected: 'How many answers were not stored (sync.rejected). Unit: answers.',
      late: 'How many of the snapshots were stored by a later run than the one that asked, or lay before one that was there. Unit: snapshots.',
      duration_seconds: 'From started_at to finished_at. Unit: seconds; null: not finished.',
    },
  },
  'sync.failures': {
    comment:
      'Questions that the provider did not answer: one row a run and category, or account where it was asked for its own totals.',
    columns: {
      run: 'The run: sync.runs.id.',
      ...KEY_OR_ACCOUNT,
      at: 'When the last attempt failed. An instant.',
      class:
        'What kind of failure: authentication, account, throttled, request, category, server or network.',
      http_status: 'The HTTP status of the last attempt. Null: there was no answer.',
      api_code: "The provider's error code. Null: there was none.",
      attempts: 'How often it was tried. Unit: attempts.',
      message: 'What happened, in words.',
    },
  },
  'sync.rejected': {
    comment: 'Answers that were not stored, with their body: nothing that arrived is thrown away.',
    columns: {
      run: 'The run: sync.runs.id.',
      ...KEY_OR_ACCOUNT,
      at: 'When the answer arrived. An instant.',
      reason:
        "Why: conflict (other values are stored at its instant), clock (this machine's clock went back), final (pruning has made that part of the history final), or the rule that the answer broke.",
      body: 'The answer, cut at 64 KiB.',
      stored_at:
        'When primosync rejudge stored it after all, or found it stored. An instant; null: it is rejected still.',
    },
  },
  'sync.decisions': {
    comment: 'What people decided about snapshots (primosync reclassify): append-only, the newest holds.',
    columns: {
      ...KEY,
      observed_at: 'The snapshot that was decided about. An instant.',
      decided_as:
        'reset, correction, baseline or dip; auto: as the rules have it, which takes an earlier decision back.',
      decided_by: 'Who decided.',
      decided_at: 'When. An instant.',
      why: 'The reason.',
      holds: 'Whether it is the newest for its snapshot.',
    },
  },
  'sync.prunes': {
    comment:
      'What retention removed (SNAPSHOT_RETENTION): snapshots and their deltas, never a trend; and what primosync demo remove took out. One row a category and removal, written by the database itself whenever snapshots are removed.',
    columns: {
      ...KEY,
      pruned_at: 'When. An instant.',
      snapshots: 'How many snapshots were removed. Unit: snapshots.',
      kept_from:
        'The oldest snapshot that was kept. An instant. Null: the rows were removed by other means than retention.',
      final_until: 'Up to when nothing can be imported or decided any more. An instant; null as kept_from.',
    },
  },
}
