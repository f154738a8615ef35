// The text that sync.rejected keeps of an answer, or of an imported reading, that is not stored as a snapshot, and what
// can be read of it again. Pure.
import { storable } from './exact-json.ts'
import { readStats, type Stats, type StatsReader } from './stats.ts'

const KEPT_BODY_BYTES = 64 * 1024
/** The most bytes of one character, which is never split. */
const CHARACTER_BYTES = 4

/** Returns the start of a body, at most 64 KiB of UTF-8, with the characters replaced that PostgreSQL cannot store. */
export function keptBody(body: string): string {
  const text = storable(body)
  // encodeInto never splits a character.
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(KEPT_BODY_BYTES)).read)
}

/** Reads a kept body by today's rules: its reading, or the reason why there still is none. */
export function readKeptBody(body: string, reader: StatsReader): Stats {
  const stats = readStats(body.startsWith('\ufeff') ? body.slice(1) : body, reader)
  const isCut = new TextEncoder().encode(body).length > KEPT_BODY_BYTES - CHARACTER_BYTES
  if ('reason' in stats && stats.reason === 'not JSON' && isCut)
    return { reason: 'only its first 64 KiB were kept' }
  return stats
}
