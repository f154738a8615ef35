// What is wrong with the settings, one line per problem: name, value (never a secret), and what is allowed.

import type { z } from 'zod'
import { sentence, UsageError } from '../errors.ts'
import { DEFAULT_ACCOUNT, DEMO_ACCOUNT } from './account-names.ts'
import { isMap, type RawSettings } from './file.ts'
import { ACCOUNT_KEYS, SETTING_NAMES } from './schema.ts'
import { nearestName } from './spelling.ts'

export const SECRET_SETTINGS = [
  'PRIMOTEXTO_API_KEY',
  'DATABASE_URL',
  'HTTP_TOKEN',
  'HTTPS_PROXY',
  'HTTP_PROXY',
]

const SHOWN_CHARACTERS = 80

/** Returns one error that lists all problems. */
export function settingsError(problems: readonly string[]): UsageError {
  const message =
    problems.length === 1
      ? sentence(`A setting is not valid: ${problems[0]}`)
      : `${problems.length} settings are not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
  return new UsageError(message, { hint: 'Correct what is listed. For all settings, run: primosync --help' })
}

/** Returns the lines for the issues that the schema found. */
export function problemsOf(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [wrongValue(issue)]
    const known = issue.path.length === 0 ? [...SETTING_NAMES, 'accounts'] : ACCOUNT_KEYS
    return issue.keys.map((key) => unknownName(nameOf([...issue.path, key]), nearestName(key, known)))
  })
}

// The value of an unknown name is not shown, as it may be a key under a misspelt name.
function unknownName(name: string, nearest: string | null): string {
  return `${name} is not a setting${nearest === null ? '' : `; did you mean ${nearest}?`}`
}

function wrongValue({ path, input, message }: z.core.$ZodIssue): string {
  const value = input === undefined ? 'is missing' : `cannot be ${shown(input, path.at(-1))}`
  return `${nameOf(path)} ${value}; allowed: ${message}`
}

function shown(input: unknown, key: PropertyKey | undefined): string {
  // Also for the _FILE variants, as people write the key itself where its path belongs.
  if (/api_key|database_url|http_token|https?_proxy/i.test(String(key)))
    return 'the given value (not shown, as it is secret)'
  if (typeof input !== 'string') return Array.isArray(input) ? 'a list' : 'a map'
  const text = JSON.stringify(withoutCredentials(input))
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}

const withoutCredentials = (text: string) => text.replace(/\/\/[^/@]*@/, '//[secret]@')

/** Returns the name of a setting as in `accounts[0].name`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('')
}

/** Returns the lines for settings that exclude each other. Reads the raw settings, valid or not. */
export function problemsBetween(raw: RawSettings): string[] {
  const accounts = (Array.isArray(raw.accounts) ? raw.accounts : []).map((account) =>
    isMap(account) ? account : {},
  )
  const has = (name: string) => name in raw || `${name}_FILE` in raw
  const names = [...(has('PRIMOTEXTO_API_KEY') ? [DEFAULT_ACCOUNT] : []), ...accounts.map(({ name }) => name)]
  const twice = names.filter((name, i) => name !== undefined && names.indexOf(name) < i)
  return [
    ...SECRET_SETTINGS.flatMap((name) => bothGiven(raw, name, `${name}_FILE`, '')),
    ...accounts.flatMap((account, i) => bothGiven(account, 'api_key', 'api_key_file', `accounts[${i}].`)),
    ...accounts.flatMap((account, i) =>
      'api_key' in account || 'api_key_file' in account
        ? []
        : [`accounts[${i}] has no api_key and no api_key_file`],
    ),
    ...twice.map(
      (name) =>
        `two accounts are called ${JSON.stringify(name)} (that of PRIMOTEXTO_API_KEY is called "default")`,
    ),
    ...(names.includes(DEMO_ACCOUNT)
      ? [`no account can be called "${DEMO_ACCOUNT}", as the demo uses that name`]
      : []),
    ...halfQuoted(raw.PRIMOTEXTO_CATEGORIES),
    // A forgotten key would otherwise start the demo, whose numbers look like real ones.
    ...('PRIMOTEXTO_CATEGORIES' in raw && !has('PRIMOTEXTO_API_KEY')
      ? ['PRIMOTEXTO_CATEGORIES needs PRIMOTEXTO_API_KEY, as it lists the categories of that key']
      : []),
  ]
}

const bothGiven = (raw: RawSettings, plain: string, file: string, prefix: string) =>
  plain in raw && file in raw ? [`${prefix}${plain} and ${prefix}${file} are both given; keep one`] : []

/** What is left of a list that was quoted in another way than it is separated. */
function halfQuoted(categories: unknown): string[] {
  if (typeof categories !== 'string') return []
  const name = categories.split(',').find((part) => /^["']|["']$/.test(part.trim()))
  return name === undefined
    ? []
    : [
        `PRIMOTEXTO_CATEGORIES has a name with a quote at its end: ${JSON.stringify(name.trim())}; allowed: names separated by commas, without quotes (a name that has some goes into a list in the config file)`,
      ]
}
