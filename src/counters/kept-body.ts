// The text that sync.rejected keeps of an answer, or of an imported reading, that is not stored as a snapshot. Pure.
import { storable } from './exact-json.ts'

const KEPT_BODY_BYTES = 64 * 1024

/** Returns the start of a body, at most 64 KiB of UTF-8, with the characters replaced that PostgreSQL cannot store. */
export function keptBody(body: string): string {
  const text = storable(body)
  // encodeInto never splits a character.
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(KEPT_BODY_BYTES)).read)
}
