// The content of a spool segment: the answers and failures of one run as they arrived, one line each, with a checksum.
import { crc32 } from 'node:zlib'
import type { Reading } from '../counters/names.ts'
import { padded } from '../counters/padded.ts'
import type { ErrorClass } from '../primotexto/answer.ts'

/** What can start a run. */
export const TRIGGERS = ['schedule', 'manual', 'startup', 'replay', 'import'] as const
export type Trigger = (typeof TRIGGERS)[number]

/** When a run began, in epoch milliseconds: its key is a UUIDv7, whose first 48 bits are that instant. */
export function runStartedAt(runKey: string): number {
  return Number.parseInt(runKey.replaceAll('-', '').slice(0, 12), 16)
}

interface OfCategory {
  readonly account: string
  /** ITSELF: what the provider says of the account as a whole. */
  readonly category: string
  /** When the answer arrived, or the last attempt failed: epoch milliseconds. */
  readonly at: number
}

/** The first line of each segment: the run that asked. */
export interface RunRecord {
  readonly kind: 'run'
  readonly key: string
  /** The only account that the run asks for; null: all accounts. */
  readonly account: string | null
  readonly trigger: Trigger
  readonly scheduledAt: number | null
  readonly startedAt: number
  readonly categories: number
}

export interface AnswerRecord extends OfCategory, Reading {
  readonly kind: 'answer'
}

export interface RejectedRecord extends OfCategory {
  readonly kind: 'rejected'
  readonly reason: string
  readonly body: string
}

export interface FailureRecord extends OfCategory {
  readonly kind: 'failure'
  readonly class: ErrorClass
  readonly httpStatus: number | null
  readonly apiCode: number | null
  readonly attempts: number
  readonly message: string
}

/** The last line, once every category is answered or has failed. `failed` includes categories that were not asked. */
export interface FinishedRecord {
  readonly kind: 'finished'
  readonly at: number
  readonly status: 'ok' | 'partial' | 'failed'
  readonly failed: number
}

export type Outcome = AnswerRecord | RejectedRecord | FailureRecord
export type SpoolRecord = RunRecord | Outcome | FinishedRecord

const KINDS: readonly string[] = ['run', 'answer', 'rejected', 'failure', 'finished']

/** Writes a record as a line: its checksum, a space, its JSON, a line feed. */
export function toLine(record: SpoolRecord): string {
  const json = JSON.stringify(record)
  return `${checksum(json)} ${json}\n`
}

/** Reads a line without its line feed. Returns null if it is damaged, or of a kind that only later versions know. */
export function fromLine(line: string): SpoolRecord | null {
  const json = line.slice(9)
  if (line.slice(0, 9) !== `${checksum(json)} ` || json === '') return null
  const record: SpoolRecord = JSON.parse(json)
  if (record.kind === 'answer') return { ...record, counters: padded(record.counters) }
  return KINDS.includes(record.kind) ? record : null
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
