// Which names a category may have (contract, section 2). Names are used verbatim: not trimmed, case-sensitive.

export const CATEGORY_ALLOWED = '1 to 255 characters, without NUL'

/** Returns what is wrong with a category's name, as the end of a sentence such as `is empty`; null if it is valid. */
export function categoryProblem(name: string): string | null {
  if (name === '') return 'is empty'
  if (name.includes('\0')) return 'contains a NUL character'
  // Neither a URL nor PostgreSQL can hold a lone surrogate.
  if (!name.isWellFormed()) return 'is not valid Unicode'
  const length = [...name].length
  return length > 255 ? `has ${length} characters` : null
}
