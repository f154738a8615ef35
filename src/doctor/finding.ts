// The result of one check of doctor: a line with what was found, and what to do if something is wrong.

export interface Finding {
  readonly subject: string
  readonly ok: boolean
  /** What was found, such as `PostgreSQL 18.4, answers in 23 ms`. */
  readonly found: string
  /** What to do, in whole sentences; null if `ok`. */
  readonly advice: string | null
}

export const well = (subject: string, found: string): Finding => ({ subject, ok: true, found, advice: null })

export const ill = (subject: string, found: string, advice: string): Finding => ({
  subject,
  ok: false,
  found,
  advice,
})
