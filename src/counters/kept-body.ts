// What is kept of an answer that is not stored as a snapshot. Pure.
import { storable } from './exact-json.ts'

const KEPT_BODY_BYTES = 64 * 1024

/** What is kept of a body: storable as text, at most 64 KiB of UTF-8. */
export function keptBody(body: string): string {
  const text = storable(body)
  // encodeInto never stops within a character
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(KEPT_BODY_BYTES)).read)
}
