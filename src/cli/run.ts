// The program behind the entry point: command line, settings, command, exit code.

import type { Config } from '../config/load.ts'
import { commands } from './commands/index.ts'
import { explain } from './exit-code.ts'
import { lossyWriter } from './lossy.ts'
import { endNow, endWithin, quietWhenClosed } from './process-end.ts'
import { buildProgram, type Execute, isDone } from './program.ts'
import { endAtSignals, stopQuietly } from './stop-signal.ts'

let config: Config | undefined
let outlivesOutput = false

// What only a command that runs needs is loaded then: --version and --help answer at once.
const execute: Execute = async (action, options, args) => {
  const { loadConfig } = await import('../config/load.ts')
  const { withoutVariables } = await import('../config/libpq.ts')
  const { createLogger } = await import('../logging.ts')
  const { createOutput, hasColors } = await import('./output.ts')
  config = loadConfig({ env: process.env, cwd: process.cwd(), configPath: options.config })
  withoutVariables(process.env)
  const stderr = { isTerminal: process.stderr.isTTY, hasColors: hasColors(process.stderr, process.env) }
  outlivesOutput = action.outlivesOutput === true
  const [stdoutWriter, stderrWriter] = outlivesOutput
    ? [lossyWriter(process.stdout), { write: lossyWriter(process.stderr) }]
    : []
  const log = createLogger(config, stderr, stderrWriter)
  const output = createOutput(process.stdout, process.env, stdoutWriter)
  process.exitCode = (await action.run({ config, options, args, output, log })) ?? 0
}

function fail(error: unknown): void {
  if (isDone(error)) return
  const { text, exitCode } = explain(error, config)
  process.stderr.write(`${text}\n`)
  process.exitCode = exitCode
}

// Node's diagnostic reports would hold the environment, and with it keys and passwords.
if (process.report) process.report.excludeEnv = true
endAtSignals()
quietWhenClosed(process.stdout, process.stderr, () => outlivesOutput, stopQuietly)
process.on('uncaughtException', (error) => {
  fail(error)
  endNow()
})
await buildProgram(commands, execute).parseAsync().catch(fail)
endWithin(5000)
