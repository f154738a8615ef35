// Finds a key that an object has twice. JSON.parse takes the last value, and nobody knows which one is meant. Pure.
import { endOfString } from '../counters/exact-json.ts'

const COLON_AFTER_STRING = /"\s*:/g
const COLON = /\s*:/y

/** Returns the first such key in `text`; null: none. `value` is what JSON.parse made of it. */
export function keyTwice(text: string, value: Record<string, unknown>): string | null {
  // In the usual line each such colon belongs to a key of the object or of one in it.
  return (text.match(COLON_AFTER_STRING)?.length ?? 0) === keysOf(value) ? null : search(text)
}

function keysOf(value: Record<string, unknown>): number {
  let keys = 0
  for (const name in value) {
    keys += 1
    const inner = value[name]
    if (typeof inner === 'object') for (const _ in inner) keys += 1
  }
  return keys
}

function search(text: string): string | null {
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '[') open.push(new Set())
    else if (character === '}' || character === ']') open.pop()
    if (character !== '"') continue
    const end = endOfString(text, at)
    const source = text.slice(at, end + 1)
    at = end
    COLON.lastIndex = end + 1
    if (!COLON.test(text)) continue // a value
    const name: string = JSON.parse(source)
    if (open.at(-1)!.has(name)) return name
    open.at(-1)!.add(name)
  }
  return null
}
