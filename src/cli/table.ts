// Tables: columns two spaces apart, as wide as their widest cell, and together no wider than the terminal.
import type pc from 'picocolors'
import stringWidth from 'string-width'
import { visible } from '../terminal-text.ts'
import { cutTo, padTo } from './layout.ts'

export type Colors = ReturnType<typeof pc.createColors>

export interface Column<Row> {
  readonly header: string
  /** The content of the cell; null and undefined show as a dash. */
  readonly value: (row: Row) => string | number | bigint | null | undefined
  readonly align?: 'left' | 'right'
  /** Colours the cell's text, once its width is known. */
  readonly color?: (text: string, row: Row) => string
  /** What to do if the table is too wide: cut the texts, or leave the column out, the last one first. */
  readonly narrow?: 'cut' | 'drop'
}

/** The width down to which a column is cut before others are left out, and the least width of a cut column. */
const KEPT = 24
const LEAST = 8
const GAP = 2

interface Laid<Row> extends Column<Row> {
  readonly texts: readonly string[]
  width: number
}

/** `width`: columns of the terminal; null: no limit. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colors: Colors,
  width: number | null = null,
): string {
  const laid = columns.map((column): Laid<Row> => {
    const texts = rows.map((row) => visible(String(column.value(row) ?? '–')))
    return {
      ...column,
      texts,
      width: Math.max(...[column.header, ...texts].map((text) => stringWidth(text))),
    }
  })
  const shown = width === null ? laid : fitted(laid, width)
  const line = (cell: (column: Laid<Row>) => readonly [text: string, paint: (text: string) => string]) =>
    shown
      .map((column) => {
        const [text, paint] = cell(column)
        const cut = cutTo(text, column.width)
        return padTo(cut, column.width, column.align).replace(cut, () => paint(cut))
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  return [
    line(({ header }) => [header, colors.bold]),
    ...rows.map((row, r) => line(({ texts, color }) => [texts[r]!, (text) => color?.(text, row) ?? text])),
  ].join('\n')
}

function fitted<Row>(columns: readonly Laid<Row>[], width: number): readonly Laid<Row>[] {
  const total = (list: readonly Laid<Row>[], of: (column: Laid<Row>) => number) =>
    list.reduce((sum, column) => sum + of(column), GAP * (list.length - 1))
  const kept = (column: Laid<Row>) => (column.narrow === 'cut' ? Math.min(KEPT, column.width) : column.width)
  let shown = columns
  while (total(shown, kept) > width) {
    const last = shown.findLast(({ narrow }) => narrow === 'drop')
    if (last === undefined) break
    shown = shown.filter((column) => column !== last)
  }
  let excess = total(shown, (column) => column.width) - width
  for (; excess > 0; excess -= 1) {
    const cuttable = shown.filter((column) => column.narrow === 'cut' && column.width > LEAST)
    if (cuttable.length === 0) break
    const widest = cuttable.reduce((a, b) => (b.width > a.width ? b : a))
    widest.width -= 1
  }
  return shown
}
