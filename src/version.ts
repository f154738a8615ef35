// The version of this program, from package.json.
import { readFileSync } from 'node:fs'

// The relative path is the same from src and from dist.
const FILE = new URL('../package.json', import.meta.url)

export const version: string = JSON.parse(readFileSync(FILE, 'utf8')).version
