// Keeps spreadsheets from running names in CSV files as formulas. Pure.
// https://owasp.org/www-community/attacks/CSV_Injection

const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

/** Returns the name as a cell that a spreadsheet reads as text: `=x` becomes `'=x`, and `'=x` becomes `''=x`. */
export function safeCell(name: string): string {
  return FORMULA.test(name) ? `'${name}` : name
}

/** Reverses safeCell. Returns any other cell unchanged. */
export function fromSafeCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
