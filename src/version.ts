// The version of this program, from package.json.
import { readFileSync } from 'node:fs'

// the same path from src and from dist
const FILE = new URL('../package.json', import.meta.url)

export const version: string = JSON.parse(readFileSync(FILE, 'utf8')).version
