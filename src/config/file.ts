// The optional config file, primosync.yaml: the settings of the environment under the same names, and accounts.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { reasonOf, UsageError } from '../errors.ts'

export type RawSettings = Record<string, unknown>

const DEFAULT_FILE = 'primosync.yaml'
const PATH_KEYS = [
  'PRIMOTEXTO_API_KEY_FILE',
  'DATABASE_URL_FILE',
  'HTTP_TOKEN_FILE',
  'HTTPS_PROXY_FILE',
  'HTTP_PROXY_FILE',
  'PRIMOSYNC_DATA_DIR',
  'api_key_file',
]

/**
 * Returns the settings of the file as written, all scalars as text, and its paths, which are relative to its own
 * folder, made absolute; {} if no file is named and there is none. Throws a UsageError if it cannot be read.
 */
export function readConfigFile(cwd: string, named: string | undefined): RawSettings {
  const path = resolve(cwd, named ?? DEFAULT_FILE)
  const text = readText(path, named === undefined)
  return text === null ? {} : withAbsolutePaths(withoutBlanks(parseSettings(text, path)), dirname(path))
}

function readText(path: string, optional: boolean): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (optional && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new UsageError(`The config file ${path} cannot be read: ${reasonOf(cause)}.`, {
      hint: 'Name an existing file with --config.',
      cause,
    })
  }
}

function parseSettings(text: string, path: string): RawSettings {
  const lines = new LineCounter()
  // failsafe keeps every scalar as text, so that a category may be called 007 or no.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, lineCounter: lines })
  const [fault] = document.errors
  // The parser's message quotes the text, which may contain a key, so only its code and the line are shown.
  if (fault)
    throw notYaml(
      path,
      `line ${lines.linePos(fault.pos[0]).line}: ${fault.code.toLowerCase().replaceAll('_', ' ')}`,
    )
  const settings = toPlain(document, path)
  if (settings === null) return {} // an empty file
  if (!isMap(settings)) throw notYaml(path, 'not a map of settings')
  return settings
}

function toPlain(document: { toJS(): unknown }, path: string): unknown {
  try {
    return document.toJS()
  } catch {
    throw notYaml(path, 'unknown alias')
  }
}

function notYaml(path: string, reason: string): UsageError {
  return new UsageError(`The config file ${path} is not valid YAML (${reason}).`, {
    hint: "Write NAME: value, and quote a value that begins with * or & or contains ': '.",
  })
}

/** Removes the settings with an empty value. Compose files pass on unset variables like that. */
export function withoutBlanks(settings: RawSettings): RawSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => typeof value !== 'string' || value.trim() !== ''),
  )
}

/** Makes the paths among the settings absolute, relative to `folder`. */
export function withAbsolutePaths(settings: RawSettings, folder: string): RawSettings {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      if (key === 'accounts' && Array.isArray(value)) {
        return [key, value.map((account) => (isMap(account) ? withAbsolutePaths(account, folder) : account))]
      }
      const isPath = PATH_KEYS.includes(key) && typeof value === 'string' && !value.includes('://')
      return [key, isPath ? resolve(folder, value) : value]
    }),
  )
}

export const isMap = (value: unknown): value is RawSettings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
