// The version of this program, as package.json has it.
import { readFileSync } from 'node:fs'

// the same step up from src and from dist
const FILE = new URL('../package.json', import.meta.url)

export const version: string = JSON.parse(readFileSync(FILE, 'utf8')).version
