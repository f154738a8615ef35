// Comments of the views that answer questions: totals, rates of days together, sendings, comparisons, expected values.
import { GRAINS, VIEW_ENDINGS } from '../../counters/grains.ts'
import { BUCKETS, type Columns, type Commented, grownIn, grownRates, KEY, metrics } from './comment-parts.ts'
import { ANOMALY_DAYS, ANOMALY_METRICS, LEAST_DENOMINATOR, SAMPLES } from './expected-views.ts'
import { SENDING_COLUMNS } from './sendings-views.ts'

const ACCOUNT = KEY.account!
const { category: CATEGORY } = KEY

const sums = (of: string) =>
  metrics(
    ({ description, unit }) => `Sum ${of}. ${description} Unit: ${unit}. Null: unknown, which is not zero.`,
    ['counter'],
  )

const ratesOf = (what: string) =>
  metrics(
    ({ formula, description, unit }) => `${formula}, of ${what}. ${description} Unit: ${unit}.`,
    ['rate'],
  )

const { timespent: _level, ...GROWN } = grownIn('bucket')

const totals = Object.fromEntries(
  GRAINS.map((grain): [string, Commented] => [
    `sms.totals_${VIEW_ENDINGS[grain]}`,
    {
      comment: `Growth by ${grain} of an account: the sum over all its categories, with the rates of the sums. An average of the categories' rates would let a small category weigh as much as a large one.`,
      columns: {
        account: ACCOUNT,
        ...BUCKETS[grain],
        ...GROWN,
        categories: 'How many categories have a row in the trend view for this bucket. Unit: categories.',
        is_complete:
          'Whether the bucket is over, and the newest snapshot of each of these categories lies at its end or later.',
        ...grownRates,
      },
    },
  ]),
)

const DAY = 'The calendar day of the reporting time zone.'
const METRIC = 'Which metric: its row in sms.metrics says what it means, and in which unit.'

const sendingColumns: Columns = Object.fromEntries(
  SENDING_COLUMNS.map(({ name, days, counter, isRate }) => {
    const span = days === 1 ? 'on first_day' : `on the ${days} days from first_day on`
    return [
      name,
      isRate
        ? `${counter}_${days}d / delivered. Unit: ratio; null where delivered is zero or unknown.`
        : `Growth of ${counter} ${span}, at most up to the day before the next sending; so far, where these days are not over. Unit: ${counter === 'replies' ? 'messages' : 'recipients'}. Null: unknown.`,
    ]
  }),
)

const EXPECTED: Columns = {
  expected: 'The median of the like days before it. Unit: that of the metric.',
  low: 'The lower end of the band around it: 4 · 1.4826 · MAD, at least √median for a counter and 0.02 for a rate. Unit: that of the metric.',
  high: 'The upper end of the band. Unit: that of the metric.',
}

export const ANSWERS: Readonly<Record<string, Commented>> = {
  ...totals,
  'sms.rates_daily': {
    comment:
      'Growth and rates over 7 and 28 days: opens, clicks and replies come days after the message, so that the rate of a single day means little. Two rows a category and day.',
    columns: {
      ...KEY,
      day: `The last of the days. ${DAY}`,
      days: 'Over how many days the row sums: 7 or 28. Unit: days. At the beginning of a history there are fewer.',
      ...sums('of the growth over these days'),
      ...ratesOf('these sums'),
    },
  },
  'sms.sendings': {
    comment:
      'How each campaign did: a sending is a run of days on which something was sent, after at least 2 days on which nothing was, with all that came before the next one.',
    columns: {
      ...KEY,
      first_day: `The first day on which something was sent. ${DAY}`,
      last_day: `The last day on which something was sent. ${DAY}`,
      sent: 'Messages sent from first_day to the day before the next sending. Unit: messages.',
      delivered: 'Messages delivered in the same time. Unit: messages. Null: unknown.',
      ...sendingColumns,
    },
  },
  'sms.comparisons': {
    comment:
      'Each period with the same elapsed part of the period before: up to the last complete hour of the category, on both sides. So a part of a week is never compared with a whole one.',
    columns: {
      account: ACCOUNT,
      category: `${CATEGORY} Null: the whole account, the sum of its categories.`,
      period:
        'today, yesterday: with the same weekday a week before; this_week: with the week before; this_month: day by day with the month before, where it has that day; last_7_days, last_28_days: whole days up to yesterday with as many before them.',
      metric: METRIC,
      value:
        'What the period has brought so far. Unit: that of the metric. Null: nothing has elapsed, or unknown.',
      previous:
        'What the same part of the period before had brought. Unit: that of the metric. Null: as value.',
      change: 'value − previous. Unit: that of the metric.',
      change_ratio: 'change / previous. Unit: ratio; null where previous is zero or unknown.',
    },
  },
  'sms.expected_daily': {
    comment: `What a day was expected to bring: the median of the last ${SAMPLES.most} like days before it (same weekday, complete, without a wide gap, value known), from ${SAMPLES.least} such days on. Reads quickly for some days or some categories; all days of all categories take minutes.`,
    columns: {
      ...KEY,
      day: DAY,
      metric: `${METRIC} Rates only of days with a denominator of ${LEAST_DENOMINATOR} or more.`,
      value: 'What the day brought, or has brought so far. Unit: that of the metric.',
      ...EXPECTED,
      samples: 'How many like days it rests on. Unit: days.',
    },
  },
  'sms.anomalies': {
    comment: `The complete days of the last ${ANOMALY_DAYS} that lie outside of what was expected (sms.expected_daily), of ${ANOMALY_METRICS.join(', ')}. A day that holds a correction or a reset is listed, too (see corrections and resets in sms.trends_daily); alerts leave it out.`,
    columns: {
      ...KEY,
      day: DAY,
      metric: METRIC,
      value: 'What the day brought. Unit: that of the metric.',
      ...EXPECTED,
      score:
        'How far value is from expected, in units of 1.4826 · MAD, or of a quarter of the least band where that is more. Null: all like days were 0 alike, so there is no unit.',
    },
  },
}
