// What the doctor finds: one line a thing, with what to do where something needs doing.

export interface Finding {
  readonly subject: string
  readonly ok: boolean
  /** What was found, e.g. `PostgreSQL 18.4, 23 ms away`. */
  readonly found: string
  /** What to do; null where nothing needs doing. */
  readonly advice: string | null
}

export const well = (subject: string, found: string): Finding => ({ subject, ok: true, found, advice: null })

export const ill = (subject: string, found: string, advice: string): Finding => ({
  subject,
  ok: false,
  found,
  advice,
})
