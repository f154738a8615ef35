// Reads import files that are given as text or bytes.
import type { Entry, LineProblem } from '../../src/transfer/entry.ts'
import { type Format, readEntries } from '../../src/transfer/read-file.ts'

export const READ = { account: 'default', now: () => Date.parse('2100-01-01T00:00:00Z'), file: 'a file' }

/** Returns the entries of a file that is read in chunks of `chunkBytes`. */
export async function entriesOf(
  file: string | Buffer,
  format: Format | null = null,
  chunkBytes = 7,
): Promise<(Entry | LineProblem)[]> {
  return (await Array.fromAsync(blocksOf(file, format, chunkBytes))).flat()
}

export function blocksOf(file: string | Buffer, format: Format | null = null, chunkBytes = 64 * 1024) {
  return readEntries(chunksOf(Buffer.from(file), chunkBytes), format, READ)
}

async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
