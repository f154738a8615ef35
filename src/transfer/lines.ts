// Splits bytes into numbered lines, block by block, so that memory does not grow with the file.
import { isUtf8 } from 'node:buffer'

/** A line of a file, without its line feed. `problem` says why there is no text; null if there is. */
export interface Line {
  readonly number: number
  readonly text: string
  readonly problem: string | null
}

/** A longer line is refused, so that a file without line feeds does not fill the memory. */
export const MAX_LINE_BYTES = 1024 * 1024

/** Yields the lines of `input` in blocks, without a byte order mark at its start. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let rest = Buffer.alloc(0)
  let number = 1
  for await (const chunk of input) {
    const end = chunk.lastIndexOf(10)
    // Of a line that is too long, only enough is kept to refuse it later.
    const whole = end === -1 ? null : Buffer.concat([rest, chunk.subarray(0, end)])
    rest = Buffer.concat(whole === null ? [rest, chunk] : [chunk.subarray(end + 1)])
    if (rest.length > MAX_LINE_BYTES) rest = rest.subarray(0, MAX_LINE_BYTES + 1)
    if (whole === null) continue
    const lines = linesOf(whole, number)
    number += lines.length
    yield lines
  }
  if (rest.length > 0) yield linesOf(rest, number)
}

function linesOf(block: Buffer, first: number): Line[] {
  const isUsual = block.length <= MAX_LINE_BYTES && isUtf8(block)
  const lines = isUsual
    ? block
        .toString('utf8')
        .split('\n')
        .map((text, i) => ({ number: first + i, text, problem: null }))
    : splitBytes(block).map((bytes, i) => ({ number: first + i, ...decodeLine(bytes) }))
  if (first === 1) lines[0] = { ...lines[0]!, text: lines[0]!.text.replace(/^\ufeff/, '') }
  return lines
}

function decodeLine(bytes: Buffer): { text: string; problem: string | null } {
  if (bytes.length > MAX_LINE_BYTES) return { text: '', problem: 'the line is longer than 1 MiB' }
  if (!isUtf8(bytes))
    return { text: '', problem: 'the line is not UTF-8: save the file as UTF-8 ("CSV UTF-8" in Excel)' }
  return { text: bytes.toString('utf8'), problem: null }
}

function splitBytes(block: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = block.indexOf(10); end !== -1; end = block.indexOf(10, start)) {
    lines.push(block.subarray(start, end))
    start = end + 1
  }
  lines.push(block.subarray(start))
  return lines
}
