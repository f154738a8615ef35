// docs/json.md: each command that is shown there prints JSON of just that shape.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { createOutput } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/config/load.ts'
import { folderForFile } from '../helpers/cli.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

const page = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8')
const documented = [
  ...page.matchAll(/^## primosync (.* --json)\n(?:(?!^#)[\s\S])*?```json\n([\s\S]*?)```/gm),
].map(([, command, json]) => ({ command: command!, example: JSON.parse(json!) }))

/** Keys and types; null and an empty list say nothing. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : [shapeOf(value[0])]
  if (value === null) return undefined
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

/** The differences between two shapes, as paths. */
function differences(shown: unknown, printed: unknown, path = '$'): string[] {
  if (shown === undefined || printed === undefined) return []
  if (typeof shown !== 'object' || typeof printed !== 'object') {
    return shown === printed ? [] : [`${path}: shown ${shown}, printed ${printed}`]
  }
  const [a, b] = [shown as Record<string, unknown>, printed as Record<string, unknown>]
  const missing = Object.keys(a).filter((key) => !(key in b))
  const more = Object.keys(b).filter((key) => !(key in a))
  return [
    ...missing.map((key) => `${path}.${key} is not printed`),
    ...more.map((key) => `${path}.${key} is not shown`),
    ...Object.keys(a).flatMap((key) => (key in b ? differences(a[key], b[key], `${path}.${key}`) : [])),
  ]
}

describe('docs/json.md', () => {
  let warehouse: TestWarehouse
  const cwd = folderForFile()
  beforeAll(async () => {
    warehouse = await openTestWarehouse('Europe/Paris', '_demo')
    await print('sync --json')
  })
  afterAll(() => warehouse.close())

  /** What the command prints, in this process. */
  async function print(command: string): Promise<unknown> {
    const stdout = new PassThrough()
    const program = buildProgram(commands, async (action, options, args) => {
      const config = loadConfig({ env: { DATABASE_URL: warehouse.url }, cwd, configPath: undefined })
      const output = createOutput(stdout as unknown as NodeJS.WriteStream, {})
      await action.run({ config, options, args, output, log: pino({ level: 'silent' }) })
      stdout.end()
    })
    const words = command.split(' ').map((word) => (word.endsWith('.ndjson') ? join(cwd, word) : word))
    const [printed] = await Promise.all([text(stdout), program.parseAsync(words, { from: 'user' })])
    return JSON.parse(printed)
  }

  test('shows what matters', () => expect(documented.length).toBeGreaterThanOrEqual(11))

  for (const { command, example } of documented) {
    test(`primosync ${command}`, async () => {
      const printed = await print(command)
      expect(printed).toBeTruthy()
      expect(differences(shapeOf(example), shapeOf(printed))).toEqual([])
    })
  }
})
