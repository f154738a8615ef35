import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { buildProgram, isDone } from '../../src/cli/program.ts'
import { runCli, startCli, temporaryFolder } from '../helpers/cli.ts'

const ESCAPE = /\u001b/

/** Every command: `sandbox`, `category`, `category list`, … */
const allCommands = (
  await Promise.all(
    commands.map(async ({ name, load }) => {
      const module = await load()
      return [name, ...('commands' in module ? module.commands.map((one) => `${name} ${one.name}`) : [])]
    }),
  )
).flat()

describe('help', () => {
  test('of the program names every command, every setting and an example, on stdout', async () => {
    const { code, stdout, stderr } = await runCli(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const part of [...commands.map(({ name }) => name), 'SYNC_SCHEDULE', '$ primosync ', '--json']) {
      expect(stdout).toContain(part)
    }
    expect(stdout).not.toMatch(ESCAPE)
  })

  test.for(allCommands)('of %s has an example and the options of all', async (command) => {
    let help = ''
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      help += text
      return true
    })
    const asked = buildProgram(commands, async () => {}).parseAsync([...command.split(' '), '--help'], {
      from: 'user',
    })
    const ending: unknown = await asked.catch((error) => error)
    write.mockRestore()
    expect(isDone(ending)).toBe(true)
    expect(help).toContain(`$ npm run -s primosync -- ${command}`)
    expect(help).toContain('--json')
    expect(help).toContain('--config')
  })

  test('comes even where the settings are wrong', async () => {
    expect((await runCli(['--help'], { env: { SYNC_MOON: '1' } })).code).toBe(0)
  })

  test('the version is that of the package', async () => {
    expect(await runCli(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })
})

describe('a wrong command line ends with 2 and one clear message', () => {
  for (const [what, args, part] of [
    ['no command', [], 'No command was given.'],
    ['an unknown command', ['sandbx'], "Unknown command 'sandbx'. Did you mean sandbox?"],
    ['an unknown option', ['sandbox', '--sead', '1'], "Unknown option '--sead'. Did you mean --seed?"],
    ['a wrong value', ['sandbox', '--port', '70000'], 'Allowed: a port from 0'],
    ['a missing value', ['sandbox', '--port'], 'argument missing'],
    ['an argument too many', ['sandbox', 'now'], 'Too many arguments'],
    ['wrong faults', ['sandbox', '--faults', 'rain=1'], 'rain=1'],
    ['an escape sequence', ['\u001b[2J'], "Unknown command '\\u001b[2J'"],
  ] as const) {
    test(what, async () => {
      const { code, stdout, stderr } = await runCli(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(`primosync: `)
      expect(stderr).toContain(part)
      expect(stderr).toMatch(/hint: /)
      expect(stderr).not.toMatch(/^ +at /m)
      expect(stderr).not.toMatch(ESCAPE)
    })
  }
})

describe('settings', () => {
  test('a wrong one ends with 2 and is named', async () => {
    const { code, stderr } = await runCli(['sandbox'], { env: { SYNC_SCHEDULE: 'often' } })
    expect(code).toBe(2)
    expect(stderr).toContain('SYNC_SCHEDULE cannot be "often"')
  })

  test('primosync.yaml of the folder counts', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'primosync.yaml'), 'LOG_LEVEL: loud')
    const { code, stderr } = await runCli(['sandbox'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('LOG_LEVEL cannot be "loud"')
  })

  test('so does the file of --config, before or after the command', async () => {
    for (const args of [
      ['sandbox', '--config', 'nowhere.yaml'],
      ['--config', 'nowhere.yaml', 'sandbox'],
    ]) {
      const { code, stderr } = await runCli(args)
      expect(code).toBe(2)
      expect(stderr).toContain('nowhere.yaml')
    }
  })
})

describe('sandbox', () => {
  test('answers until it is told to stop', async () => {
    const cli = startCli(['sandbox', '--port', '0'])
    const [, url] = await cli.output(/(http:\S+)[\s\S]*Ctrl-C/)
    const answer = await fetch(`${url}/messages/stats?category=x`, {
      headers: { 'X-Primotexto-ApiKey': 'sandbox' },
    })
    expect(answer.status).toBe(200)
    await answer.body?.cancel()
    cli.child.kill('SIGTERM')
    const { code, stdout, stderr } = await cli.result
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).not.toMatch(ESCAPE)
  })

  test('--json says where it is', async () => {
    const cli = startCli(['sandbox', '--port', '0', '--json'])
    await cli.output(/\}\n/)
    cli.child.kill('SIGINT')
    const { code, stdout } = await cli.result
    expect(code).toBe(0)
    const { url, port, api_key } = JSON.parse(stdout)
    expect(url).toBe(`http://127.0.0.1:${port}/v2`)
    expect(api_key).toBe('sandbox')
  })

  test('a port that is taken: one clear message, exit code 1', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, stdout, stderr } = await runCli(['sandbox', '--port', String(port)])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(String(port))
  })

  test('a reader that goes away is no error', async () => {
    const cli = startCli(['sandbox', '--port', '0'])
    cli.child.stdout.destroy()
    expect(await cli.result).toMatchObject({ code: 0, stderr: '' })
  })
})

test('a report that Node.js writes of a crash or a signal holds no environment', async () => {
  const cwd = temporaryFolder()
  const secret = 'CanaryOfAReport42'
  const env = { PRIMOTEXTO_API_KEY: secret, NODE_OPTIONS: `--report-on-signal --report-directory=${cwd}` }
  const sandbox = startCli(['sandbox', '--port', '0'], { cwd, env })
  await sandbox.output(/http:/)
  sandbox.child.kill('SIGUSR2')
  const report = await vi.waitFor(() => {
    const [file] = readdirSync(cwd).filter((name) => name.startsWith('report.'))
    const text = readFileSync(join(cwd, file!), 'utf8')
    expect(JSON.parse(text)).toHaveProperty('javascriptStack')
    return text
  })
  expect(report).not.toContain(secret)
})
