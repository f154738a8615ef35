import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MODULE = fileURLToPath(new URL('../src/logging.ts', import.meta.url))

/** What a program writes that logs `statements` on `log`. */
function logged(statements: string, settings: object, stderr = { isTerminal: false, hasColors: false }) {
  const program = `
    import { createLogger } from ${JSON.stringify(MODULE)}
    const settings = { logLevel: 'info', logFormat: null, secrets: () => ['hunter22'], ...${JSON.stringify(settings)} }
    const log = createLogger(settings, ${JSON.stringify(stderr)})
    ${statements}`
  const { stdout, stderr: text } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  return text
}

const TERMINAL = { isTerminal: true, hasColors: true }
const LINE = `log.info({ category: 'a\\u001b[2J\\u009b\\u202e', key: 'hunter22' }, 'stored \\u001b[2J\\nhunter22')`

test('one JSON object a line, with a readable level and time', () => {
  const line = JSON.parse(logged(LINE, {}))
  expect(line).toMatchObject({
    level: 'info',
    category: 'a\u001b[2J\u009b\u202e',
    msg: 'stored \u001b[2J\n[secret]',
  })
  expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
})

test('pretty on a terminal, in colour if it has any', () => {
  expect(logged(LINE, {}, TERMINAL)).toMatch(/^\[\d\d:\d\d:\d\d\] \u001b\[32mINFO/)
  expect(logged(LINE, {}, { ...TERMINAL, hasColors: false })).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: stored/)
})

test('LOG_FORMAT outranks what stderr is', () => {
  expect(() => JSON.parse(logged(LINE, { logFormat: 'json' }, TERMINAL))).not.toThrow()
  expect(logged(LINE, { logFormat: 'pretty' })).toContain('INFO: stored')
})

for (const [what, settings, stderr] of [
  ['JSON', {}, undefined],
  ['pretty', {}, { isTerminal: true, hasColors: false }],
] as const) {
  test(`${what}: no secret, and nothing that a terminal obeys`, () => {
    const text = logged(`${LINE}; log.error({ err: new Error('\\u001b[2J hunter22') })`, settings, stderr)
    expect(text).toContain('[secret]')
    expect(text).not.toContain('hunter22')
    expect(text).not.toMatch(/[\u001b\u009b\u202e]/)
  })
}

test('below LOG_LEVEL nothing is written', () => {
  expect(logged(`log.info('no'); log.warn('yes')`, { logLevel: 'warn' })).toContain('yes')
  expect(logged(`log.info('no')`, { logLevel: 'warn' })).toBe('')
  expect(logged(`log.fatal('no')`, { logLevel: 'silent' })).toBe('')
})
