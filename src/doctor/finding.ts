// What doctor finds: one line for each check, with what to do where something is wrong.

export interface Finding {
  readonly subject: string
  readonly ok: boolean
  /** What was found, e.g. `PostgreSQL 18.4, 23 ms away`. */
  readonly found: string
  /** What to do; null where all is well. */
  readonly advice: string | null
}

export const well = (subject: string, found: string): Finding => ({ subject, ok: true, found, advice: null })

export const ill = (subject: string, found: string, advice: string): Finding => ({
  subject,
  ok: false,
  found,
  advice,
})
