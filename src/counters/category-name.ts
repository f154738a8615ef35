// What a category may be called (contract, section 2): verbatim text, never trimmed, case matters.

export const CATEGORY_ALLOWED = '1 to 255 characters, without NUL'

/** What is wrong with a category's name, for a message ("is empty"); null if it may be used. */
export function categoryProblem(name: string): string | null {
  if (name === '') return 'is empty'
  if (name.includes('\0')) return 'holds a NUL character'
  // neither a URL nor PostgreSQL can hold half a surrogate pair
  if (!name.isWellFormed()) return 'is not valid Unicode'
  const length = [...name].length
  return length > 255 ? `has ${length} characters` : null
}
