// Reads the `decision` of a line, as `export` writes it, and checks each field. Pure.
import { z } from 'zod'
import type { RecordedDecision } from './entry.ts'
import { readInstant } from './observed-at.ts'

const text = z
  .string('is not a string')
  .min(1, 'is empty')
  .refine(
    (value) => value.isWellFormed() && !value.includes('\0'),
    'contains characters that cannot be stored',
  )

const Shape = z.strictObject({
  as: z.enum(
    ['reset', 'correction', 'baseline', 'dip', 'auto'],
    'is not reset, correction, baseline, dip or auto',
  ),
  by: text,
  at: text,
  why: text,
})

/** Returns the decision, or the reason why it is invalid, in words that follow "decision". */
export function readDecision(value: unknown, now: number): RecordedDecision | { readonly reason: string } {
  const parsed = Shape.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return {
      reason:
        issue!.path.length === 0
          ? 'is not an object with as, by, at and why'
          : `${issue!.path.join('.')} ${issue!.message}`,
    }
  }
  const at = readInstant(parsed.data.at, now)
  return typeof at === 'number' ? parsed.data : { reason: `at ${at.reason}` }
}
