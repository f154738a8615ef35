// The log: pino writes to stderr, one JSON object per line, or readable lines if stderr is a terminal.

import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Config } from './config/load.ts'
import { scrub } from './scrub.ts'
import { safeJson, safeLines, visible } from './terminal-text.ts'

export type { Logger } from 'pino'

const STDERR = 2

/**
 * Makes the program's logger. Secrets in its lines are masked. `stderr` says what stderr is connected to; `stream` takes
 * the lines; default: stderr.
 */
export function createLogger(
  config: Pick<Config, 'logLevel' | 'logFormat' | 'secrets'>,
  stderr: { isTerminal: boolean; hasColors: boolean },
  // synchronous, so that the last lines before an exit are written
  stream: DestinationStream = destination({ dest: STDERR, sync: true }),
): Logger {
  const format = config.logFormat ?? (stderr.isTerminal ? 'pretty' : 'json')
  return pino(
    {
      level: config.logLevel,
      base: null, // collectors of logs add host and process themselves
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => safeJson(scrub(line, config.secrets())) },
    },
    format === 'json' ? stream : prettyTo(stream, stderr.hasColors),
  )
}

function prettyTo(output: DestinationStream, colorize: boolean): DestinationStream {
  const prettify = prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    messageFormat: (line, messageKey) => visible(String(line[messageKey] ?? '')),
  })
  return { write: (line) => output.write(safeLines(prettify(line))) }
}
