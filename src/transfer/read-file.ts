// Reads a file of either format, block by block.
import { createCsvReader } from './csv.ts'
import type { Entry, LineProblem, ReadOptions } from './entry.ts'
import { type Line, readLines } from './lines.ts'
import { readNdjson } from './ndjson.ts'

export type Format = 'ndjson' | 'csv'

/** Returns the format by the extension of the file's name; null for any other extension. */
export function formatOf(fileName: string): Format | null {
  if (/\.(ndjson|jsonl|json)$/i.test(fileName)) return 'ndjson'
  return /\.(csv|tsv)$/i.test(fileName) ? 'csv' : null
}

/**
 * Yields the entries and line problems of `input` in blocks. If `format` is null, it is NDJSON if the first line begins
 * with a brace, else CSV. Throws a UsageError if the first line of a CSV does not name the columns.
 */
export async function* readEntries(
  input: AsyncIterable<Uint8Array>,
  format: Format | null,
  options: ReadOptions,
): AsyncGenerator<(Entry | LineProblem)[]> {
  let reader: BlockReader | null = null
  for await (const lines of readLines(input)) {
    reader ??= createReader(format ?? formatOfFirst(lines), options)
    yield reader.read(lines)
  }
  if (reader) yield reader.end()
}

interface BlockReader {
  read(lines: readonly Line[]): (Entry | LineProblem)[]
  end(): LineProblem[]
}

function createReader(format: Format, options: ReadOptions): BlockReader {
  if (format === 'csv') return createCsvReader(options)
  return { read: (lines) => readNdjson(lines, options), end: () => [] }
}

function formatOfFirst(lines: readonly Line[]): Format {
  const first = lines.find(({ text }) => text.trim() !== '')
  return first?.text.trimStart().startsWith('{') ? 'ndjson' : 'csv'
}
