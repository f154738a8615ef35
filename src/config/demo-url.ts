// The database of the demo: beside the one that DATABASE_URL names, so that made-up numbers never mix with real ones.
// Pure.
import { UsageError } from '../errors.ts'
import { databaseOf, withDatabase } from '../postgres-url.ts'

export const DEMO_ENDING = '_demo'
/** PostgreSQL cuts longer names. */
const NAME_BYTES = 63

/** Returns its name: that of the named database with `_demo` at its end, or the same name if it ends so already. */
export function demoNameOf(name: string): string {
  if (name.endsWith(DEMO_ENDING)) return name
  const room = new Uint8Array(NAME_BYTES - DEMO_ENDING.length)
  return name.slice(0, new TextEncoder().encodeInto(name, room).read) + DEMO_ENDING
}

/** The URL of the demo's database, and its name. Throws a UsageError if the URL names no database. */
export function demoDatabaseOf(url: string): { name: string; url: string } {
  const named = databaseOf(url)
  if (named === null)
    throw new UsageError('DATABASE_URL names no database, so the demo cannot have one beside it.', {
      hint: 'Write the name of the database at the end of DATABASE_URL, or set PRIMOTEXTO_API_KEY.',
    })
  const name = demoNameOf(named)
  return { name, url: name === named ? url : withDatabase(url, name) }
}
