// Hints name a command that works from where the program stands.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { programFor } from '../src/own-command.ts'
import { runCli } from './helpers/cli.ts'

for (const [where, file, env, expected] of [
  ['a clone', '/clone/src/own-command.ts', { npm_command: 'run-script' }, 'npm run -s primosync --'],
  ['an installed package', '/lib/dist/cli/run-1.js', {}, 'primosync'],
  ['npx', '/cache/dist/cli/run-1.js', { npm_command: 'exec' }, 'npx primosync'],
] as const)
  test(`in ${where}`, () => expect(programFor(file, env)).toBe(expected))

test('hints and examples of the program itself', async () => {
  const installed = await runCli(['trends', '--nonsense'])
  expect(installed.stderr).toContain('hint: Run: primosync trends --help')
  const npx = await runCli(['status', '--help'], { env: { npm_command: 'exec' } })
  expect(npx.stdout).toContain('$ npx primosync status --watch')
})

test('no hint and no page names a command in another way', () => {
  const src = join(import.meta.dirname, '../src')
  const named = /(?:[Rr]un|with|it|one):? (?:<code>)?primosync (?!as )[a-z]/
  const wrong = globSync('**/*.ts', { cwd: src }).filter((file) =>
    readFileSync(join(src, file), 'utf8')
      .split('\n')
      .some((line) => named.test(line) && !/^\s*(\/\/|\*|\/\*|'primosync)/.test(line)),
  )
  expect(wrong).toEqual([])
})
