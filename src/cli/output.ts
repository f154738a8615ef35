// Results on stdout: lines, JSON, tables. Colour only on a terminal; control characters in names are escaped.

import pc from 'picocolors'
import { safeJson, safeLines } from '../terminal-text.ts'
import { type Colors, type Column, formatTable } from './table.ts'

export interface Output {
  /** One or more lines. Control characters are escaped. */
  print(text: string): void
  /** One JSON document. bigint becomes a number where that is exact, else text; a Date ISO text. */
  json(value: unknown): void
  /** A table no wider than the terminal, as far as its columns can be narrowed. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void
  readonly colors: Colors
  /** Columns of the terminal; null: no terminal, so lines are not limited. */
  readonly width: number | null
  /** The terminal; null: there is none. */
  readonly terminal: NodeJS.WriteStream | null
}

/** Whether this stream shows colours. Any value of NO_COLOR but an empty one disables them (https://no-color.org). */
export function hasColors(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** `write`: how text gets to stdout. */
export function createOutput(
  stdout: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
  write: (text: string) => unknown = (text) => stdout.write(text),
): Output {
  const colors = pc.createColors(hasColors(stdout, env))
  const width = stdout.isTTY ? stdout.columns || null : null
  const print = (text: string) => void write(`${safeLines(text)}\n`)
  return {
    print,
    json: (value) => void write(`${formatJson(value)}\n`),
    table: (rows, columns) => print(formatTable(rows, columns, colors, width)),
    colors,
    width,
    terminal: stdout.isTTY ? stdout : null,
  }
}

export function formatJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, part) =>
      typeof part === 'bigint' ? (Number.isSafeInteger(Number(part)) ? Number(part) : String(part)) : part,
    2,
  )
  return safeJson(text)
}
