// Results on stdout: lines, JSON, tables. Colour only on a terminal, and nothing in a name is obeyed by it.

import pc from 'picocolors'
import stringWidth from 'string-width'
import { safeJson, safeLines, visible } from '../terminal-text.ts'

export type Colors = ReturnType<typeof pc.createColors>

export interface Output {
  /** A line, or several. Control characters in it are shown, not obeyed. */
  print(text: string): void
  /** One JSON document. bigint becomes a number where that is exact, else text; a Date ISO text. */
  json(value: unknown): void
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void
  readonly colors: Colors
}

export interface Column<Row> {
  readonly header: string
  /** What stands in the cell; null and undefined show as a dash. */
  readonly value: (row: Row) => string | number | bigint | null | undefined
  readonly align?: 'left' | 'right'
  /** Colours the cell's text, once its width is known. */
  readonly color?: (text: string, row: Row) => string
}

/** Does this stream show colours? https://no-color.org: any value that is not empty switches them off. */
export function hasColors(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

export function createOutput(stdout: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  const colors = pc.createColors(hasColors(stdout, env))
  const print = (text: string) => void stdout.write(`${safeLines(text)}\n`)
  return {
    print,
    json: (value) => void stdout.write(`${formatJson(value)}\n`),
    table: (rows, columns) => print(formatTable(rows, columns, colors)),
    colors,
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

/** Columns two blanks apart, as wide as a terminal shows their widest cell (CJK and emoji take two). */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colors: Colors,
): string {
  const cells = rows.map((row) => columns.map(({ value }) => visible(String(value(row) ?? '–'))))
  const widths = columns.map(({ header }, i) =>
    Math.max(stringWidth(header), ...cells.map((line) => stringWidth(line[i]!))),
  )
  const line = (texts: readonly string[], paint: (text: string, column: number) => string) =>
    texts
      .map((text, i) => {
        const padding = ' '.repeat(widths[i]! - stringWidth(text))
        return columns[i]!.align === 'right' ? padding + paint(text, i) : paint(text, i) + padding
      })
      .join('  ')
      .trimEnd()
  const headers = columns.map(({ header }) => header)
  return [
    line(headers, (text) => colors.bold(text)),
    ...cells.map((texts, r) => line(texts, (text, i) => columns[i]!.color?.(text, rows[r]!) ?? text)),
  ].join('\n')
}

const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `3 min ago`, `in 12 s`, `just now`: the largest unit that fits, cut off. */
export function relativeTime(at: Date, now: Date): string {
  const distanceMs = Math.abs(now.getTime() - at.getTime())
  const unit = UNITS.find(([, unitMs]) => distanceMs >= unitMs)
  if (unit === undefined) return 'just now'
  const [name, unitMs] = unit
  const count = Math.floor(distanceMs / unitMs)
  const text = `${count} ${name}${name === 'day' && count > 1 ? 's' : ''}`
  return at <= now ? `${text} ago` : `in ${text}`
}
