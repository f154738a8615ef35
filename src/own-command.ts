// How this program is called from where it stands, for hints that name a command.
import { fileURLToPath } from 'node:url'

/** What stands before the name of a command. `file`: a file of the program. */
export function programFor(file: string, env: NodeJS.ProcessEnv): string {
  if (file.endsWith('.ts')) return 'npm run -s primosync --'
  return env.npm_command === 'exec' ? 'npx primosync' : 'primosync'
}

export const PROGRAM = programFor(fileURLToPath(import.meta.url), process.env)
