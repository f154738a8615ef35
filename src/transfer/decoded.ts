// Turns the bytes of a file into UTF-8, by its first bytes: gzip is unpacked, and UTF-16 is converted.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { UsageError } from '../errors.ts'

const GZIP = [0x1f, 0x8b]
const ZIP = [0x50, 0x4b, 0x03, 0x04]

/** Yields UTF-8. Throws a UsageError, which names the file, if it is an archive or a damaged gzip file. */
export async function* decoded(input: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const raw = await withStart(input, ZIP.length)
  if (begins(raw.start, ZIP)) {
    throw new UsageError(`${file} is a ZIP archive or an Excel workbook, not a text file.`, {
      hint: 'Unpack it, or save the workbook as "CSV UTF-8".',
    })
  }
  yield* asUtf8(begins(raw.start, GZIP) ? unpacked(raw.all, file) : raw.all)
}

async function* unpacked(input: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  const piping = pipeline(Readable.from(input), gunzip)
  piping.catch(() => {}) // the reader of the output receives the error, too
  try {
    yield* gunzip
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error
    throw new UsageError(`${file} is a gzip file that is damaged or incomplete.`, {
      hint: 'Check it with: gzip -t FILE. Nothing of it was imported.',
      cause: error,
    })
  }
}

async function* asUtf8(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { start, all } = await withStart(input, 2)
  const encoding = utf16Of(start)
  if (encoding === null) return yield* all
  const decoder = new TextDecoder(encoding)
  for await (const chunk of all) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

/** By its byte order mark, or, as every file begins with an ASCII character, by the place of a zero byte. */
function utf16Of([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le'
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0 && second !== undefined)
    ? 'utf-16be'
    : null
}

const begins = (bytes: Uint8Array, magic: readonly number[]) => magic.every((byte, i) => bytes[i] === byte)

/** Reads the first bytes of an input, and returns them with an input that still contains them. */
async function withStart(
  input: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ start: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const chunks = input[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  while (start.length < length) {
    const { value, done } = await chunks.next()
    if (done) break
    start = Buffer.concat([start, value])
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    if (start.length > 0) yield start
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  return { start, all: all() }
}
