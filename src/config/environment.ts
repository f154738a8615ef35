// The environment as people and tools write it: files of variables keep quotes, carriage returns, byte order marks.
import type { RawSettings } from './file.ts'
import { isServiceLink } from './service-links.ts'
import { isMeantForUs } from './spelling.ts'

/** Returns the variables that are meant for this program, without what a file of variables left around them. */
export function ownVariables(env: NodeJS.ProcessEnv): RawSettings {
  return Object.fromEntries(
    Object.entries(env)
      .map(([name, value = '']) => [name.replace(/^\uFEFF?(export\s)?/, '').trim(), value] as const)
      .toSorted(([one], [other]) => Number(LOWER_CASE.includes(one)) - Number(LOWER_CASE.includes(other)))
      .filter(([name, value]) => !LOWER_CASE.includes(name) || value.trim() !== '')
      .map(([name, value]) => [LOWER_CASE.includes(name) ? name.toUpperCase() : name, value] as const)
      .filter(([name, value]) => isMeantForUs(name) && !isServiceLink(name, value))
      .map(([name, value]) => [name, name === LIST ? withoutQuotesOfList(value) : withoutQuotes(value)]),
  )
}

/** Names that other programs take in lower case, too; so written they count first, as curl has it. */
const LOWER_CASE = ['https_proxy', 'http_proxy', 'no_proxy']

/** Its parts may be quoted one by one. */
const LIST = 'PRIMOTEXTO_CATEGORIES'

/** `"abc"` and `'abc'` are abc: `docker run --env-file` passes the quotes on. */
function withoutQuotes(value: string): string {
  const text = value.trim()
  const inner = /^(["'])(.*)\1$/s.exec(text)?.[2]
  return inner ?? text
}

/** `"a,b"` and `"a","b"`; a name with quotes of its own is left as it is. */
function withoutQuotesOfList(value: string): string {
  const text = value.trim()
  const inner = /^(["'])(.*)\1$/s.exec(text)
  if (inner !== null && !inner[2]!.includes(inner[1]!)) return inner[2]!
  return text
    .split(',')
    .map((part) => withoutQuotes(part))
    .join(',')
}
