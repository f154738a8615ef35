// The `decision` of a line: what `export` wrote of a person's decision, checked field by field. Pure.
import { z } from 'zod'
import type { RecordedDecision } from './entry.ts'
import { readInstant } from './observed-at.ts'

const text = z
  .string('is not a text')
  .min(1, 'is empty')
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'holds characters that cannot be stored')

const Shape = z.strictObject({
  as: z.enum(
    ['reset', 'correction', 'baseline', 'dip', 'auto'],
    'is not reset, correction, baseline, dip or auto',
  ),
  by: text,
  at: text,
  why: text,
})

/** The decision, or the reason why it is invalid, in words that follow "decision". */
export function readDecision(value: unknown, now: number): RecordedDecision | { readonly reason: string } {
  const parsed = Shape.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return {
      reason:
        issue!.path.length === 0
          ? 'is not an object of as, by, at and why'
          : `${issue!.path.join('.')} ${issue!.message}`,
    }
  }
  const at = readInstant(parsed.data.at, now)
  return typeof at === 'number' ? parsed.data : { reason: `at ${at.reason}` }
}
