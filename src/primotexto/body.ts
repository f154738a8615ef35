// From the bytes of a body to its text. Pure. Headers often name a wrong compression or character set, so if what they
// say gives no JSON, everything that the bytes themselves may be is tried: the JSON counts, not its label.
import * as zlib from 'node:zlib'

/** The largest body that is read, on the wire and decompressed. */
export const MAX_BODY_BYTES = 1024 * 1024

type Decode = (bytes: Uint8Array) => Uint8Array

const LIMIT = { maxOutputLength: MAX_BODY_BYTES }
const gunzip: Decode = (bytes) => zlib.gunzipSync(bytes, LIMIT)
const unzstd: Decode = (bytes) => zlib.zstdDecompressSync(bytes, LIMIT)
/** Some servers omit the zlib header, whose low four bits are always 8. */
const inflate: Decode = (bytes) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? zlib.inflateSync(bytes, LIMIT) : zlib.inflateRawSync(bytes, LIMIT)

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', (bytes) => zlib.brotliDecompressSync(bytes, LIMIT)],
  ['zstd', unzstd],
])

/** How often a body is decompressed by its first bytes at most: proxies compress what is compressed already. */
const MOST_LAYERS = 3

export interface BodyHeaders {
  readonly contentEncoding: string
  readonly contentType: string
}

/**
 * Returns the text of a body, with U+FFFD for what is invalid: the first way to read it that gives JSON, else what the
 * headers say. Throws if it cannot be read so, or is larger than MAX_BODY_BYTES when it is decompressed.
 */
export function textOf(bytes: Uint8Array, { contentEncoding, contentType }: BodyHeaders): string {
  const names = contentEncoding
    .split(',')
    .map((name) => name.split(';')[0]!.replaceAll('"', '').trim().toLowerCase())
    .filter((name) => name !== '')
  const asNamed = attempt(() => textIn(unwrapped(named(bytes, names)), contentType))
  if ('text' in asNamed && isJson(asNamed.text)) return asNamed.text
  const otherWays = [(all: Uint8Array) => all, unwrapped, ...(names.length === 0 ? [] : DECODERS.values())]
  for (const decode of otherWays) {
    const read = attempt(() => textIn(decode(bytes), contentType))
    if ('text' in read && isJson(read.text)) return read.text
  }
  if ('text' in asNamed) return asNamed.text
  throw asNamed.error
}

function attempt(read: () => string): { text: string } | { error: unknown } {
  try {
    return { text: read() }
  } catch (error) {
    return { error }
  }
}

/** Unknown names, such as `UTF-8` or `none`, stand for no compression. */
function named(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  return names.reduceRight((packed, name) => DECODERS.get(name)?.(packed) ?? packed, bytes)
}

/** Decompresses what begins like gzip, zlib or zstd, which no JSON does. */
function unwrapped(bytes: Uint8Array): Uint8Array {
  let inner = bytes
  for (let layer = 0; layer < MOST_LAYERS; layer++) {
    const decode = decoderOf(inner)
    if (decode === null) break
    inner = decode(inner)
  }
  return inner
}

function decoderOf([first = 0, second = 0, third = 0, fourth = 0]: Uint8Array): Decode | null {
  if (first === 0x1f && second === 0x8b) return gunzip
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return unzstd
  if ((first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0) return inflate
  return null
}

/** JSON is UTF-8 (RFC 8259); UTF-16 shows in its first bytes, and any other character set counts if UTF-8 is invalid. */
function textIn(bytes: Uint8Array, contentType: string): string {
  const wide = wideCharset(bytes)
  if (wide !== null) return new TextDecoder(wide, { ignoreBOM: true }).decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const charset = /charset="?([\w:.-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
    try {
      return new TextDecoder(charset).decode(bytes)
    } catch {
      return new TextDecoder('utf-8').decode(bytes) // an unknown charset
    }
  }
}

function wideCharset([first, second]: Uint8Array): string | null {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0 && second !== undefined))
    return 'utf-16be'
  return null
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text)
    return true
  } catch {
    return false
  }
}
