// Which versions of Node can run this program. Pure, and only syntax that Node 14 understands.

/** The lowest major and minor version; `engines` in package.json says the same. */
export const LOWEST = [22, 19] as const

/** One sentence with the version that is needed and the one that was found; null where that is enough. */
export function nodeProblem(found: string): string | null {
  const [major = 0, minor = 0] = found.split('.').map(Number)
  const isEnough = major > LOWEST[0] || (major === LOWEST[0] && minor >= LOWEST[1])
  if (isEnough) return null
  return `primosync needs Node.js ${LOWEST.join('.')} or newer, and this is ${found}.`
}
