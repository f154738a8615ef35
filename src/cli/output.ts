// Results on stdout: lines, JSON, tables. Colour only on a terminal, and nothing in a name is obeyed by it.

import pc from 'picocolors'
import { safeJson, safeLines } from '../terminal-text.ts'
import { type Colors, type Column, formatTable } from './table.ts'

export interface Output {
  /** A line, or several. Control characters in it are shown, not obeyed. */
  print(text: string): void
  /** One JSON document. bigint becomes a number where that is exact, else text; a Date ISO text. */
  json(value: unknown): void
  /** No wider than the terminal, as far as its columns give way. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void
  readonly colors: Colors
  /** Columns of the terminal; null: it is none, and nothing limits a line. */
  readonly width: number | null
  /** What can be drawn on; null: no terminal. */
  readonly terminal: NodeJS.WriteStream | null
}

/** Does this stream show colours? https://no-color.org: any value that is not empty switches them off. */
export function hasColors(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

export function createOutput(stdout: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  const colors = pc.createColors(hasColors(stdout, env))
  const width = stdout.isTTY ? stdout.columns || null : null
  const print = (text: string) => void stdout.write(`${safeLines(text)}\n`)
  return {
    print,
    json: (value) => void stdout.write(`${formatJson(value)}\n`),
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
