// primosync status: lines within the terminal's columns, and --watch over a database that goes away.
import { PassThrough } from 'node:stream'
import pc from 'picocolors'
import { pino } from 'pino'
import stringWidth from 'string-width'
import { describe, expect, test, vi } from 'vitest'
import { watchStatus } from '../../src/cli/commands/status.ts'
import { createOutput } from '../../src/cli/output.ts'
import { LISTED, statusLines } from '../../src/cli/status-report.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { CategoryStatus, Status } from '../../src/read/status.ts'
import { runCli } from '../helpers/cli.ts'
import { openStage } from '../helpers/tick.ts'

const NOW = new Date('2026-03-02T10:00:30Z')
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)

const category = (name: string, more: Partial<CategoryStatus> = {}): CategoryStatus => ({
  account: 'default',
  category: name,
  state: 'active',
  note: null,
  stale: false,
  last_snapshot_at: minutesAgo(1),
  sent_by_day: Array.from({ length: 14 }, (_, i) => ({ day: `2026-02-${17 + i}`, sent: i === 3 ? null : i })),
  ...more,
})

const FACTS: Status = {
  demo: false,
  now: NOW,
  timezone: 'Europe/Paris',
  schedule: '*/5 * * * *',
  last_run: {
    id: 7,
    account: null,
    trigger: 'schedule',
    scheduled_at: minutesAgo(1),
    started_at: minutesAgo(1),
    finished_at: minutesAgo(1),
    status: 'ok',
    categories: 3,
    stored: 3,
    failed: 0,
    rejected: 0,
    late: 0,
    duration_seconds: 0.2,
  },
  next_tick_at: minutesAgo(-4),
  spool: { runs: 0, bytes: 0 },
  storage: { database_bytes: 24_000_000, snapshots: 12_345 },
  category_counts: { active: 2, paused: 1, stale: 0 },
  failed_last_day: 0,
  rejected_last_day: 0,
  rejecting: [],
  accounts: [],
  failures: [],
  categories: [
    category('codeConfirmation'),
    category('注文番号のお知らせ'),
    category('🎉 fête', { state: 'paused' }),
  ],
}

const TROUBLED: Status = {
  ...FACTS,
  last_run: { ...FACTS.last_run!, status: 'partial', failed: 1, rejected: 2, late: 40, stored: 1_000 },
  spool: { runs: 2, bytes: 4_096 },
  category_counts: { active: 2, paused: 0, stale: 1 },
  failed_last_day: 1,
  rejected_last_day: 2,
  failures: [
    {
      account: 'default',
      category: '注文番号のお知らせ',
      class: 'server',
      count: 12,
      last_at: minutesAgo(90),
      message:
        'category "注文番号のお知らせ": api.primotexto.com answered HTTP 503, and so for a long while now',
    },
  ],
  categories: [
    category('x'.repeat(255), { stale: true, last_snapshot_at: minutesAgo(3000) }),
    category('other', { account: 'shop', last_snapshot_at: null, sent_by_day: null }),
  ],
}

const plain = (facts: Status, width: number | null) =>
  statusLines(facts, { colors: pc.createColors(false), width })

describe('status', () => {
  test('at 80 columns', () => {
    expect(plain(FACTS, 80)).toEqual([
      'now          2026-03-02 11:00:30 Europe/Paris',
      'last run     ok, 1 min ago (10:59:30): 3 categories, 3 stored',
      'next tick    in 4 min (11:04:30) while start runs; */5 * * * *',
      'spool        empty',
      'storage      22.9 MiB, about 12,345 snapshots',
      'rejected     none in 24 hours',
      'stale        none',
      '',
      'category            state   last snapshot  sent, 14 days   last 7 days',
      'codeConfirmation    active  1 min ago      ▁▂▂·▃▄▄▅▅▆▆▇▇█           70',
      '注文番号のお知らせ  active  1 min ago      ▁▂▂·▃▄▄▅▅▆▆▇▇█           70',
      '🎉 fête             paused  1 min ago      ▁▂▂·▃▄▄▅▅▆▆▇▇█           70',
    ])
  })

  test('at 200 columns also by the clock', () => {
    const lines = plain(FACTS, 200)
    expect(lines.at(-1)).toMatch(/70 {2}2026-03-02 10:59:30$/)
  })

  test('troubles are told, and the account where there are several', () => {
    const text = plain(TROUBLED, null).join('\n')
    expect(text).toContain(
      'partial, 1 min ago (10:59:30): 3 categories, 1,000 stored, 1 failed, 2 rejected, 40 late',
    )
    expect(text).toContain('spool        2 runs to be stored, 4.0 KiB')
    expect(text).toContain('rejected     2 answers in 24 hours (sync.rejected)')
    expect(text).toContain('stale        1 of 2 categories')
    expect(text).toMatch(
      /^default +注文番号のお知らせ +server +12 +1 h ago +api.primotexto.com answered .*while now/m,
    )
    expect(text).toMatch(/^default +x{255} +active, stale +2 days ago/m)
    expect(text).toMatch(/^shop +other +active +never +– +– +–$/m)
  })

  test('no line is wider than the terminal, and the columns stand below each other', () => {
    for (const facts of [FACTS, TROUBLED]) {
      for (let width = 60; width <= 200; width += 7) {
        const lines = plain(facts, width)
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
        const at = lines.findIndex((line) => /^(account|category) +.*state/.test(line))
        const column = stringWidth(lines[at]!.slice(0, lines[at]!.indexOf('state')))
        for (const line of lines.slice(at + 1)) {
          const before = line.slice(0, line.search(/(?:active|paused)/))
          expect(stringWidth(before)).toBe(column)
        }
      }
    }
  })

  test('colours say no more than the words, and go with NO_COLOR', () => {
    const colored = statusLines(TROUBLED, { colors: pc.createColors(true), width: 100 })
    expect(colored.join('')).toContain('\u001b[31m')
    expect(colored.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(plain(TROUBLED, 100))
  })

  test('of many categories the first are listed, and how to see the rest', () => {
    const categories = Array.from({ length: 1_000 }, (_, i) => category(`c${i}`))
    const lines = plain({ ...FACTS, categories }, 80)
    expect(lines.at(-1)).toBe(`… and ${1_000 - LISTED} more: select * from sms.freshness`)
    expect(lines.filter((line) => /^c\d/.test(line))).toHaveLength(LISTED)
  })
})

/** A terminal that keeps what is drawn on it. */
function fakeTerminal(columns: number, rows: number) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns, rows })
  const drawn: string[] = []
  stream.on('data', (text: string) => drawn.push(text))
  return { stdout: stream as unknown as NodeJS.WriteStream, drawn, stream }
}

describe('status --watch', () => {
  test('draws again, tells of a database that goes away, recovers, and gives the screen back', async () => {
    const stage = await openStage({ categories: ['a\u001b[2J'] })
    await stage.tick()
    const { stdout, drawn, stream } = fakeTerminal(80, 24)
    const env = {
      DATABASE_URL: stage.proxy.url,
      PRIMOTEXTO_API_KEY: 'key',
      PRIMOSYNC_DATA_DIR: stage.dataDir,
    }
    const context = {
      config: loadConfig({ env, cwd: stage.dataDir, configPath: undefined }),
      options: {},
      args: [],
      output: createOutput(stdout, { NO_COLOR: '1' }),
      log: pino({ level: 'silent' }),
    }
    const stop = new AbortController()
    const watching = watchStatus(context, 50, () => stop.signal)
    const screenWith = (what: string | RegExp) =>
      vi.waitFor(() => expect(drawn.at(-1)).toMatch(what), { timeout: 20_000 })
    await screenWith(/last run +ok.*1 stored/)
    expect(drawn.at(-1)).toContain('a\\u001b[2J')
    expect(drawn.at(-1)).toMatch(/every 0\.05 s; Ctrl-C ends it/)
    stage.proxy.cut()
    await screenWith(/The database cannot be used: .*This is the last known status/s)
    expect(drawn.at(-1)).toMatch(/last run +ok.*1 stored/)
    stage.proxy.restore()
    await vi.waitFor(() => expect(drawn.at(-1)).not.toContain('cannot be used'), { timeout: 20_000 })
    Object.assign(stream, { columns: 40, rows: 5 })
    stream.emit('resize')
    await vi.waitFor(() => expect(drawn.at(-1)!.split('\r\n')).toHaveLength(5), { timeout: 20_000 })
    stop.abort(new Error('stopped'))
    await watching
    expect(drawn[0]).toBe('\u001b[?1049h\u001b[?25l')
    expect(drawn.at(-1)).toBe('\u001b[?25h\u001b[?1049l')
  })

  test('is refused where there is no terminal, and with a wrong interval', async () => {
    const [pipe, hasty] = await Promise.all([
      runCli(['status', '--watch'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } }),
      runCli(['status', '--watch', '1 ms']),
    ])
    expect(pipe).toMatchObject({ code: 2, stdout: '' })
    expect(pipe.stderr).toMatch(/status --watch draws on a terminal.*\nhint: .*status --json/)
    expect(hasty).toMatchObject({ code: 2, stderr: expect.stringContaining('at least half a second') })
  })
})
