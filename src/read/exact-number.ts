/** PostgreSQL's decimal text as a JSON number, without being rounded to a double on the way. */
export function exactNumber(text: string | null) {
  return text === null ? null : JSON.rawJSON(text)
}
