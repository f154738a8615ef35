// import and export as a user meets them: files, pipes, exit codes.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runCli, temporaryFolder } from '../helpers/cli.ts'
import { install } from '../helpers/installation.ts'
import { storedAnswers } from '../helpers/tick.ts'
import {
  decideLine,
  openTestWarehouse,
  recordLines,
  type TestWarehouse,
  withWarehouse,
} from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse.close())

const env = { PRIMOTEXTO_API_KEY: 'key', PRIMOTEXTO_CATEGORIES: 'listed' }
const run = (
  args: string[],
  options: { stdin?: string; cwd?: string; url?: string } = {},
): Promise<CliResult> => {
  const { url = warehouse.url, ...rest } = options
  return runCli(args, { env: { ...env, DATABASE_URL: url }, ...rest })
}

const line = (account: string, category: string, minute: number, stats: object) =>
  JSON.stringify({
    account,
    category,
    observed_at: new Date(Date.parse('2026-03-01T12:00:00Z') + minute * 60_000),
    stats,
  })

const countSnapshots = async (account: string) =>
  (await warehouse.pool.query('select from sms.snapshots where account = $1', [account])).rowCount

test('files of both formats and standard input, in one command', async () => {
  const cwd = temporaryFolder()
  writeFileSync(
    join(cwd, 'a.ndjson'),
    `${line('mix', 'a', 0, { sent: 1 })}\n${line('mix', 'a', 5, { sent: 2 })}\n`,
  )
  writeFileSync(join(cwd, 'b.csv'), 'category,observed_at,sent\nb,2026-03-01 12:00+01:00,7\n')
  const files = ['a.ndjson', 'b.csv', '-']
  const stdin = line('mix', 'a', 1, { sent: 2 })
  const { code, stdout, stderr } = await run(['import', '--account', 'mix', ...files], { cwd, stdin })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n')).toEqual([
    'a.ndjson: 2 new, 0 already there',
    '1 new category is paused; to poll one: primosync category resume NAME',
    'b.csv: 1 new, 0 already there',
    '1 new category is paused; to poll one: primosync category resume NAME',
    'standard input: 1 new (1 of them late), 0 already there',
    '',
  ])
  const again = await run(['import', 'a.ndjson'], { cwd })
  expect(again).toMatchObject({ code: 0, stdout: 'a.ndjson: 0 new, 2 already there\n', stderr: '' })
})

test('a category of the settings is no news', async () => {
  const { stdout } = await run(['import', '-'], { stdin: line('default', 'listed', 0, { sent: 1 }) })
  expect(stdout).toBe('standard input: 1 new, 0 already there\n')
})

describe('bad lines', () => {
  const bad = Array.from({ length: 25 }, (_, i) => line('bad', 'a\u001b[31m', i, { sent: -1 }))
  const stdin = [...bad, line('bad', 'a', 30, { sent: 1 }), 'x'].join('\n')

  test('are listed on stderr, the first twenty, and end it with 3; the others are stored', async () => {
    const { code, stdout, stderr } = await run(['import', '-'], { stdin })
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringContaining('standard input: 1 new, 0 already there, 26 refused\n'),
    })
    const listed = stderr.trimEnd().split('\n')
    expect(listed).toHaveLength(21)
    expect(listed[0]).toBe('standard input:1: stats: sent is -1, not an integer from 0 to 9007199254740991')
    expect(listed[20]).toBe('… and 6 more; --json lists the first 1000')
    expect(await countSnapshots('bad')).toBe(1)
  })

  test('are all in --json', async () => {
    const { code, stdout, stderr } = await run(['import', '--json', '-'], { stdin })
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    const { dry_run, files } = JSON.parse(stdout)
    expect(dry_run).toBe(false)
    expect(files).toMatchObject([{ file: 'standard input', stored: 0, already_there: 1, refused: 26 }])
    expect(files[0].problems).toHaveLength(26)
    expect(files[0].problems[25]).toEqual({ line: 27, reason: 'not JSON' })
  })
})

test('a dry run tells and changes nothing', async () => {
  const { code, stdout } = await run(['import', '--dry-run', '-'], {
    stdin: line('dry', 'a', 0, { sent: 1 }),
  })
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('would be 1 new') })
  expect(await countSnapshots('dry')).toBe(0)
})

describe('wrong usage ends with 2, and nothing is imported', () => {
  const stdin = line('wrong', 'a', 0, { sent: 1 })
  for (const [args, message] of [
    [['import'], "Missing required argument 'files'"],
    [['import', '-', 'nowhere.csv'], 'nowhere.csv cannot be imported'],
    [['import', '-', '.'], 'it is a folder'],
    [['import', '-', '--format', 'xml'], 'Allowed choices are ndjson, csv'],
    [['import', '-', '--format', 'csv'], 'standard input has no column category, observed_at'],
    [['export', '--category', 'nobody'], 'There is no category "nobody"'],
    [['export', '--from', 'noon'], 'Allowed: a day such as 2026-03-01'],
    [['export', '--from', '2026-03-02', '--to', '2026-03-01'], 'Nothing lies between'],
  ] as const) {
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await run([...args], { stdin })
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(message),
      })
      expect(await countSnapshots('wrong')).toBe(0)
    })
  }
})

describe('export', () => {
  const lines = [
    line('out', '=1+1', 0, { sent: 10, delivered: 9, timespent: 1.5, note: 'x' }),
    line('out', '=1+1', 5, { sent: 30, delivered: 20 }),
    line('out', 'b', 1440, { sent: 1 }),
  ]
  beforeAll(async () => {
    await recordLines(
      warehouse,
      lines.map((text) => JSON.parse(text)),
    )
    const judged = { account: 'out', category: '=1+1', observed_at: '2026-03-01T12:05:00Z', as: 'baseline' }
    await decideLine(warehouse, judged)
  })
  const exported = (...args: string[]) => run(['export', '--account', 'out', ...args])

  test('as NDJSON, decisions after the snapshots of their category', async () => {
    const { code, stdout, stderr } = await exported()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const written = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(written).toEqual([
      ...lines.slice(0, 2).map((text) => JSON.parse(text)),
      {
        account: 'out',
        category: '=1+1',
        observed_at: '2026-03-01T12:05:00.000Z',
        decision: {
          as: 'baseline',
          by: 'a test',
          at: expect.stringMatching(/\.\d{6}Z$/),
          why: 'a test',
        },
      },
      JSON.parse(lines[2]!),
    ])
    await withWarehouse(async (copy) => {
      expect(await run(['import', '-'], { stdin: stdout, url: copy.url })).toMatchObject({ code: 0 })
      expect((await run(['export'], { url: copy.url })).stdout).toBe(stdout)
    })
  })

  test('as CSV, safe in a spreadsheet, with a warning that decisions are left out', async () => {
    const { code, stdout, stderr } = await exported('--format', 'csv')
    expect(code).toBe(0)
    expect(stderr).toContain('decisions are left out')
    expect(stdout.split('\n').slice(1)).toEqual([
      `out,'=1+1,2026-03-01T12:00:00.000Z,10,,9,,,,,,,,,,1.5,"{""note"": ""x""}"`,
      "out,'=1+1,2026-03-01T12:05:00.000Z,30,,20,,,,,,,,,,,",
      'out,b,2026-03-02T12:00:00.000Z,1,,,,,,,,,,,,,',
      '',
    ])
    const again = await run(['import', '--format', 'csv', '-'], { stdin: stdout })
    expect(again).toMatchObject({ code: 0, stdout: 'standard input: 0 new, 3 already there\n' })
  })

  test('of a period, to a file that is whole or not there', async () => {
    const cwd = temporaryFolder()
    const args = [
      'export',
      '--account',
      'out',
      '--from',
      '2026-03-01',
      '--to',
      '2026-03-01',
      '--output',
      'out.ndjson',
    ]
    const { code, stdout } = await run(args, { cwd })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'out.ndjson: snapshots 2, decisions 1\n' })
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(3)
    expect(existsSync(join(cwd, 'out.ndjson.part'))).toBe(false)
    expect(statSync(join(cwd, 'out.ndjson')).mode & 0o777).toBe(0o600)
    const nowhere = await run(['export', '--output', 'no/such/folder.csv'], { cwd })
    expect(nowhere).toMatchObject({ code: 1, stdout: '' })
    expect(nowhere.stderr).toMatch(/^primosync: no\/such\/folder\.csv cannot be written: .*\nhint: /)
    const folder = await run(['export', '--output', '.'], { cwd })
    expect(folder).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('primosync: . cannot be written: '),
    })
    expect(existsSync(join(cwd, '..part'))).toBe(false)
  })
})

test('an export whose name ends in .gz is gzip, and import reads it', async () => {
  const { cwd, run: runIn, witness } = await install('a')
  await runIn(['sync'])
  expect(await runIn(['export', '--output', 'history.ndjson.gz'])).toMatchObject({ code: 0 })
  const bytes = readFileSync(join(cwd, 'history.ndjson.gz'))
  expect(gunzipSync(bytes).toString()).toContain('"category":"a"')
  expect(await runIn(['import', 'history.ndjson.gz'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('0 new, 1 already there'),
  })
  expect(await storedAnswers(witness)).toHaveLength(2) // the category and the account itself
})

test('a file with nothing in it is refused', async () => {
  const { cwd, run: runIn } = await install('a')
  writeFileSync(join(cwd, 'empty.csv'), '')
  expect(await runIn(['import', 'empty.csv'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is nothing in empty.csv to import.'),
  })
})
