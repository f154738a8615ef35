// The NDJSON of import and export: a snapshot or a decision per line, with exact numbers. Pure.

import { isRecord, parseExact } from '../counters/exact-json.ts'
import type { Snapshot } from '../counters/names.ts'
import { readingText } from '../counters/reading-text.ts'
import { CATEGORY_STATS, type Stats } from '../counters/stats.ts'
import { readDecision } from './decision.ts'
import type { Entry, LineProblem, ReadOptions, RecordedDecision } from './entry.ts'
import { readKey } from './entry.ts'
import { keyTwice } from './key-twice.ts'
import type { Line } from './lines.ts'
import { plainReading } from './plain-stats.ts'

const FIELDS: ReadonlySet<string> = new Set(['account', 'category', 'observed_at', 'stats', 'decision'])

/** Reads the lines of a block. Blank lines are skipped. */
export function readNdjson(lines: readonly Line[], options: ReadOptions): (Entry | LineProblem)[] {
  const entries: (Entry | LineProblem)[] = []
  for (const line of lines) {
    if (line.problem !== null) entries.push({ line: line.number, reason: line.problem })
    else if (line.text.trim() !== '') entries.push(readLine(line.number, line.text, options))
  }
  return entries
}

function readLine(line: number, text: string, options: ReadOptions): Entry | LineProblem {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { line, reason: 'not JSON' }
  }
  if (!isRecord(value)) return { line, reason: 'not a JSON object' }
  for (const name in value) {
    if (!FIELDS.has(name)) return { line, reason: `the field ${JSON.stringify(name)} is unknown` }
  }
  const twice = keyTwice(text, value)
  if (twice !== null) return { line, reason: `the key ${JSON.stringify(twice)} is there twice` }
  const { account, category, observed_at: observedAt, stats, decision } = value
  const key = readKey(line, { account, category, observedAt }, options)
  if ('reason' in key) return key
  if (stats !== undefined && decision !== undefined)
    return { line, reason: 'contains both stats and a decision' }
  if (decision !== undefined) {
    const read = readDecision(decision, options.now())
    return 'reason' in read ? { line, reason: `decision ${read.reason}` } : { ...key, decision: read }
  }
  if (stats === undefined) return { line, reason: 'stats are missing' }
  const read = readStats(text, stats)
  return 'reason' in read ? { line, reason: `stats: ${read.reason}` } : { ...key, reading: read.reading }
}

/**
 * `stats` is the value of the field in the JSON text of a line, from JSON.parse, which rounds numbers.
 * A key that is written with escapes is not found in the text; the whole line is looked at then.
 */
function readStats(text: string, stats: unknown): Stats {
  const plain = plainReading(text.slice(Math.max(0, text.indexOf('"stats"'))), stats)
  return plain
    ? { reading: plain }
    : CATEGORY_STATS.statsOf((parseExact(text) as Record<string, unknown>).stats)
}

/** Writes a snapshot as a line of a file, without its line feed. */
export function snapshotLine(account: string, category: string, snapshot: Snapshot): string {
  return `${keyText(account, category, snapshot.at)},"stats":${readingText(snapshot)}}`
}

/** Writes a decision as a line of a file, without its line feed. */
export function decisionLine(
  account: string,
  category: string,
  at: number,
  { as, by, at: decidedAt, why }: RecordedDecision,
): string {
  return `${keyText(account, category, at)},"decision":${JSON.stringify({ as, by, at: decidedAt, why })}}`
}

function keyText(account: string, category: string, at: number): string {
  const observedAt = new Date(at).toISOString()
  return `{"account":${JSON.stringify(account)},"category":${JSON.stringify(category)},"observed_at":"${observedAt}"`
}
