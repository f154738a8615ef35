// One vocabulary: every object that a command prints with --json or the API returns matches the one schema of that
// object, and no key anywhere is spelled in another way than SQL columns are.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { commands } from '../../src/cli/commands/index.ts'
import { createOutput } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/config/load.ts'
import { COUNTERS } from '../../src/counters/names.ts'
import { DECISIONS, DELTA_KINDS } from '../../src/counters/step.ts'
import { Category, instant, Status, Trend } from '../../src/read/objects.ts'
import { ROUTES } from '../../src/serve/api/routes.ts'
import { folderForFile } from '../helpers/cli.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'
import { appOf } from '../serve/app.ts'

const count = z.int()
const changes = Object.fromEntries(
  COUNTERS.map((name) => [name, z.union([z.int(), z.string().regex(/^-?\d+$/)]).nullable()]),
)
const ShownDelta = z.strictObject({ kind: z.enum(DELTA_KINDS), decided: z.boolean(), ...changes })

/** The reports of commands, which no other door has. */
const SyncReport = z.strictObject({
  run_key: z.uuid(),
  status: z.enum(['ok', 'partial', 'failed']),
  categories: count,
  stored: count,
  failed: count,
  rejected: count,
  late: count,
  waiting: z.boolean(),
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
  why: z.string(),
  before: ShownDelta.nullable(),
  after: ShownDelta.nullable(),
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

const cwd = folderForFile()
const DECIDE = ['--category', 'codeConfirmation', '--as', 'correction', '--why', 'a test']
let warehouse: TestWarehouse
let decidedAt: string
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await print(['sync'])
  const file = join(cwd, 'later.ndjson')
  const line = (observed_at: string, sent: number) =>
    JSON.stringify({ account: 'sandbox', category: 'codeConfirmation', observed_at, stats: { sent } })
  writeFileSync(file, [line('2026-03-01T00:00:00Z', 1), line('2026-03-02T00:00:00Z', 9)].join('\n'))
  decidedAt = '2026-03-02T00:00:00Z'
})
afterAll(() => warehouse.close())

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

for (const { path, answer } of ROUTES) {
  test(`GET /api/v1${path}`, async () => {
    const app = await appOf(warehouse, { demo: true })
    const response = await app.request(`/api/v1${path}${QUERIES[path] ?? ''}`)
    const body = await response.json()
    expect(response.status).toBe(200)
    expect(answer.safeParse(body).error).toBeUndefined()
    expect(oddKeys(body)).toEqual([])
  })
}

/** The keys in a value that are not in snake_case. */
function oddKeys(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(oddKeys)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(key) ? [] : [key]),
    ...oddKeys(inner),
  ])
}
