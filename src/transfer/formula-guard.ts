// Names in CSV files that a spreadsheet would run as a formula. Pure.
// https://owasp.org/www-community/attacks/CSV_Injection

const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/

/** The name as a cell that a spreadsheet takes for text: `=x` becomes `'=x`, and `'=x` becomes `''=x`. */
export function safeCell(name: string): string {
  return FORMULA.test(name) ? `'${name}` : name
}

/** The name that safeCell made `cell` of; any other cell is returned as it is. */
export function fromSafeCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
