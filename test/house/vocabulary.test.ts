// One vocabulary: every object that a command prints with --json or the API returns matches the one schema of that
// object, and no key anywhere is spelled in another way than SQL columns are.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { commands } from '../../src/cli/commands/index.ts'
import { createOutput } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/config/load.ts'
import { COUNTERS } from '../../src/counters/names.ts'
import { DECISIONS, DELTA_KINDS } from '../../src/counters/step.ts'
import { Category, instant, Status, Trend } from '../../src/read/objects.ts'
import { ROUTES } from '../../src/serve/api/routes.ts'
import { folderForFile, startCli } from '../helpers/cli.ts'
import { type Line, openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf } from '../serve/app.ts'

const count = z.int()
const changes = Object.fromEntries(
  COUNTERS.map((name) => [name, z.union([z.int(), z.string().regex(/^-?\d+$/)]).nullable()]),
)
const ShownDelta = z.strictObject({ kind: z.enum(DELTA_KINDS), decided: z.boolean(), ...changes })

/** The reports of commands, which the API does not have. */
const SyncReport = z.strictObject({
  run_key: z.uuid(),
  status: z.enum(['ok', 'partial', 'failed']),
  categories: count,
  stored: count,
  failed: count,
  rejected: count,
  late: count,
  waiting: z.boolean(),
  problem: z.string().nullable(),
  refused_accounts: z.array(z.string()),
  duration_seconds: z.number(),
})
const ImportReport = z.strictObject({
  dry_run: z.boolean(),
  files: z.array(
    z.strictObject({
      file: z.string(),
      stored: count,
      late: count,
      already_there: count,
      decisions: count,
      refused: count,
      conflicts: count,
      new_categories: z.array(Category.pick({ account: true, category: true, state: true })),
      problems: z.array(z.strictObject({ line: count, reason: z.string() })),
    }),
  ),
})
const Verification = z.strictObject({
  ok: z.boolean(),
  categories: count,
  snapshots: count,
  pruned: count,
  difference_count: count,
  differences: z.array(
    z.strictObject({
      table: z.string(),
      account: z.string().nullable(),
      category: z.string().nullable(),
      row: z.string().nullable(),
      column: z.string(),
      stored: z.string().nullable(),
      expected: z.string().nullable(),
    }),
  ),
})
const Decided = z.strictObject({
  account: z.string(),
  category: z.string(),
  observed_at: instant,
  decided_as: z.enum([...DECISIONS, 'auto']),
  decided_by: z.string(),
  why: z.string().nullable(),
  dry_run: z.boolean(),
  before: ShownDelta.nullable(),
  after: ShownDelta.nullable(),
  days: z.array(
    z.strictObject({
      day: z.string(),
      metric: z.enum(COUNTERS),
      before: z.int().nullable(),
      after: z.int().nullable(),
      change: z.int().nullable(),
    }),
  ),
})
const Rejudged = z.strictObject({
  dry_run: z.boolean(),
  answers: count,
  stored: count,
  already_stored: count,
  kept: z.array(z.strictObject({ reason: z.string(), answers: count })),
})
const DemoRemoved = z.strictObject({
  dry_run: z.boolean(),
  removed: z.strictObject({
    categories: count,
    snapshots: count,
    decisions: count,
    failures: count,
    rejected: count,
    runs: count,
  }),
  folder: z.null(),
})
const Rebuilt = z.strictObject({
  timezone: z.string(),
  previous_timezone: z.string(),
  categories: count,
  rows: count,
})
const Migrations = z.array(z.strictObject({ name: z.string(), executed_at: instant.nullable() }))
const Findings = z.strictObject({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({
      subject: z.string(),
      ok: z.boolean(),
      found: z.string(),
      advice: z.string().nullable(),
    }),
  ),
})

const Started = z.strictObject({
  event: z.literal('started'),
  demo: z.boolean(),
  database: z.string().nullable(),
  dashboard: z.url(),
  sign_in: z.url().nullable(),
  health: z.url(),
  metrics: z.url(),
})
const Ticked = SyncReport.extend({ event: z.literal('tick') })
const SandboxAddress = z.strictObject({ url: z.url(), port: count, api_key: z.string() })

const cwd = folderForFile()
const DECIDE = ['--category', 'codeConfirmation', '--as', 'correction', '--why', 'a test']
let warehouse: TestWarehouse
let decidedAt: string
beforeAll(async () => {
  warehouse = await openTestWarehouse('Europe/Paris', '_demo')
  await print(['sync'])
  const file = join(cwd, 'later.ndjson')
  const line = (observed_at: string, sent: number) =>
    JSON.stringify({ account: 'sandbox', category: 'codeConfirmation', observed_at, stats: { sent } })
  writeFileSync(file, [line('2026-03-01T00:00:00Z', 1), line('2026-03-02T00:00:00Z', 9)].join('\n'))
  decidedAt = '2026-03-02T00:00:00Z'
  await recordLines(warehouse, hugeLines())
  await addTroubles(warehouse)
})
afterAll(() => warehouse.close())

const MOST = Number.MAX_SAFE_INTEGER
/** The date, in UTC and in the reporting time zone, of what `hugeLines` counts. */
const HUGE_DAY = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
/** What was sent on it: more than a double holds. */
const HUGE_SENT = String(2n * BigInt(MOST))

/** A day with a reset, on which the largest possible total was reached twice. */
function hugeLines(): Line[] {
  return [0, MOST, (MOST + 1) / 4, MOST].map((sent, i) => {
    return {
      account: 'sandbox',
      category: 'huge',
      observed_at: `${HUGE_DAY}T1${i}:00:00Z`,
      stats: { sent, delivered: sent },
    }
  })
}

/** A failure and a rejected answer, so that no list is empty. */
async function addTroubles({ pool }: TestWarehouse): Promise<void> {
  const of = "from store.category where name = 'codeConfirmation'"
  await pool.query(
    `insert into store.failure (run_id, category_id, at, class, http_status, api_code, attempts, message)
    select (select max(id) from store.run), id, now(), 'server', 503, null, 4, 'HTTP 503' ${of}`,
  )
  await pool.query(
    `insert into store.rejected (run_id, category_id, at, reason, body)
    select (select max(id) from store.run), id, now() + interval '1 hour', 'sent is no integer', '{"someKey": 1}' ${of}`,
  )
}

/** What a command prints, run in this process. */
async function print(words: readonly string[]): Promise<unknown> {
  const stdout = new PassThrough()
  const program = buildProgram(commands, async (action, options, args) => {
    const config = loadConfig({ env: { DATABASE_URL: warehouse.url }, cwd, configPath: undefined })
    const output = createOutput(stdout as unknown as NodeJS.WriteStream, {})
    await action.run({ config, options, args, output, log: pino({ level: 'silent' }) })
    stdout.end()
  })
  const [printed] = await Promise.all([
    text(stdout),
    program.parseAsync([...words, '--json'], { from: 'user' }),
  ])
  return JSON.parse(printed)
}

const COMMANDS: readonly (readonly [command: string, schema: z.ZodType, more?: () => string[]])[] = [
  ['import', ImportReport, () => [join(cwd, 'later.ndjson')]],
  ['sync', SyncReport],
  ['status', Status],
  ['category list', z.array(Category)],
  ['category pause', z.array(Category), () => ['codeConfirmation']],
  ['category resume', z.array(Category), () => ['codeConfirmation']],
  ['category add', z.array(Category), () => ['another one']],
  ['category remove', z.array(Category), () => ['another one']],
  ['trends', z.array(Trend), () => ['--from', '2026-03-01', '--to', '2026-03-02']],
  ['trends --by hour', z.array(Trend), () => ['--from', '2026-03-01', '--to', '2026-03-01']],
  ['trends --metric sent open_rate', z.array(Trend), () => ['--from', '2026-03-01', '--to', '2026-03-02']],
  ['reclassify', Decided, () => [...DECIDE, '--at', decidedAt]],
  ['rejudge', Rejudged, () => ['--dry-run', '--category', 'codeConfirmation', '--since', '2026-03-01']],
  ['demo remove', DemoRemoved, () => ['--dry-run']],
  ['verify', Verification],
  ['rebuild', Rebuilt],
  ['migrate', z.strictObject({ ran: z.array(z.string()) })],
  ['migrate --status', Migrations],
  ['doctor', Findings],
  [
    'grant',
    z.strictObject({ role: z.string(), created: z.boolean(), to_login: z.string() }),
    () => [`reader_${process.pid}`],
  ],
  [
    'export',
    z.strictObject({
      file: z.string(),
      format: z.enum(['ndjson', 'csv']),
      snapshots: count,
      decisions: count,
    }),
    () => ['--output', join(cwd, 'all.ndjson')],
  ],
]

for (const [command, schema, more = () => []] of COMMANDS) {
  test(`primosync ${command} --json`, async () => {
    const printed = await print([...command.split(' '), ...more()])
    expect(schema.safeParse(printed).error).toBeUndefined()
    expect(oddKeys(printed)).toEqual([])
    if (Array.isArray(printed)) expect(printed.length).toBeGreaterThan(0)
  })
}

const QUERIES: Readonly<Record<string, string>> = {
  '/trends': '?c=sandbox/codeConfirmation&from=2026-03-01&to=2026-03-02&metrics=sent,open_rate,timespent',
  '/deltas': '?account=sandbox&category=codeConfirmation',
}

/** What the API answers to a question, with its status. */
async function ask(question: string) {
  const app = await appOf(warehouse, { demo: true })
  const response = await app.request(`/api/v1${question}`)
  return { status: response.status, body: JSON.parse(await response.text()) }
}

for (const { path, answer } of ROUTES) {
  test(`GET /api/v1${path}`, async () => {
    const { status, body } = await ask(`${path}${QUERIES[path] ?? ''}`)
    expect(status).toBe(200)
    expect(answer.safeParse(body).error).toBeUndefined()
    expect(oddKeys(body)).toEqual([])
    for (const list of Object.values<unknown>(body).filter(Array.isArray))
      expect(list.length).toBeGreaterThan(0)
  })
}

test('status is the same object from the command and from the API', async () => {
  const [printed, { body }] = [await print(['status']), await ask('/status')]
  const moving = { now: null, next_tick_at: null, storage: null }
  expect({ ...body, ...moving }).toEqual({ ...(printed as object), ...moving })
})

test('a trend is the same object from the command and from the API', async () => {
  const range = '--by week --from 2026-03-01 --to 2026-03-02'
  const metrics = '--metric sent open_rate timespent'
  const printed = await print(`trends --category codeConfirmation ${range} ${metrics}`.split(' '))
  const { body } = await ask(`/trends${QUERIES['/trends']}&by=week`)
  expect(body.trends.toReversed()).toEqual(printed)
})

test('an integer beyond 2^53 is text everywhere', async () => {
  const day = { day: HUGE_DAY, sent: HUGE_SENT }
  const isHuge = ({ category }: { category: string }) => category === 'huge'
  const status = Status.parse(await print(['status']))
  expect(status.categories.find(isHuge)!.sent_by_day).toContainEqual(day)
  const trends = ['trends', '--category', 'huge', '--from', HUGE_DAY, '--to', HUGE_DAY, '--metric', 'sent']
  expect(await print(trends)).toMatchObject([day])
  const { body } = await ask(`/trends?c=sandbox/huge&from=${HUGE_DAY}&to=${HUGE_DAY}`)
  expect(body.trends).toMatchObject([{ ...day, delivered: HUGE_SENT }])
  expect((await ask('/categories')).body.categories.find(isHuge)).toMatchObject({ sent_7_days: HUGE_SENT })
})

test('primosync sandbox --json and start --json', async () => {
  const fresh = await openTestWarehouse()
  onTestFinished(() => fresh.close())
  const [printed] = await startCli(['sandbox', '--port', '0', '--json']).output(/\{[^}]*\}/)
  const address = SandboxAddress.parse(JSON.parse(printed))
  const daemon = startCli(['start', '--json'], {
    env: {
      DATABASE_URL: fresh.url,
      HTTP_PORT: '0',
      PRIMOTEXTO_BASE_URL: address.url,
      PRIMOTEXTO_API_KEY: address.api_key,
      PRIMOTEXTO_CATEGORIES: 'codeConfirmation',
    },
  })
  const [started] = await daemon.output(/\{"event":"started".*\}/)
  const [ticked] = await daemon.output(/\{"event":"tick".*\}/)
  expect(Started.safeParse(JSON.parse(started)).error).toBeUndefined()
  expect(Ticked.safeParse(JSON.parse(ticked)).error).toBeUndefined()
  daemon.child.kill('SIGTERM')
  expect(await daemon.result).toMatchObject({ code: 0 })
})

/** The keys in a value that are not in snake_case. */
function oddKeys(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(oddKeys)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(key) ? [] : [key]),
    ...oddKeys(inner),
  ])
}
