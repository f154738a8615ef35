// What RESULTS.md holds: the figures as tables, and what they were measured on.
import { cpus, totalmem } from 'node:os'
import stringWidth from 'string-width'
import type { Server } from './database.ts'
import { type Figure, goalText, type Question, ratioText, type Scale } from './question.ts'

export interface Answer {
  readonly question: Question
  readonly figures: readonly Figure[]
}

export function report(server: Server, scale: Scale, answers: readonly Answer[]): string {
  const cores = cpus()
  return `# What was measured

By \`npm run bench${scale.full ? ' -- --full' : ''}\` on ${new Date().toISOString().slice(0, 10)}. Figures are medians; only the ratios mean anything elsewhere.

- machine: ${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory, ${process.platform} ${process.arch}
- Node.js ${process.versions.node}
- PostgreSQL ${server.version}, ${server.isEmbedded ? 'embedded, default settings' : 'of BENCH_DATABASE_URL'}
- scale: ${scale.full ? 'full' : 'default'}
${answers.map((answer) => section(answer, scale)).join('')}`
}

function section({ question, figures }: Answer, scale: Scale): string {
  const rows = figures.map((figure) => [
    figure.what,
    figure.ours,
    figure.rival,
    ratioText(figure),
    goalText(figure),
  ])
  return `
## ${question.asks}

${question.sizeAt(scale)}.

${markdownTable(['figure', 'ours', 'rival', 'ratio', 'goal'], rows, [1, 3])}`
}

/** Laid out as the formatter has it, so that a new report passes the check. */
function markdownTable(
  header: readonly string[],
  rows: readonly string[][],
  right: readonly number[],
): string {
  const widths = header.map((_, i) => Math.max(4, ...[header, ...rows].map((row) => stringWidth(row[i]!))))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const laid = (row: readonly string[]) =>
    line(
      row.map((cell, i) => {
        const blanks = ' '.repeat(widths[i]! - stringWidth(cell))
        return right.includes(i) ? blanks + cell : cell + blanks
      }),
    )
  const rule = widths.map((width, i) => (right.includes(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return laid(header) + line(rule) + rows.map(laid).join('')
}
