// A Node that cannot run the program is told in one sentence, before anything else is loaded.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LOWEST, nodeProblem } from '../../src/cli/node-version.ts'
import { runCli } from '../helpers/cli.ts'

const ROOT = join(import.meta.dirname, '../..')

for (const version of ['22.19.0', '22.20.1', '23.0.0', '24.0.0', '24.15.1', '25.9.0', '26.0.0', '100.0.0'])
  test(`${version} is enough`, () => expect(nodeProblem(version)).toBe(null))

for (const version of ['12.22.12', '18.20.8', '20.20.2', '21.7.3', '22.0.0', '22.18.0'])
  test(`${version} is too old`, () =>
    expect(nodeProblem(version)).toBe(`primosync needs Node.js 22.19 or newer, and this is ${version}.`))

test('package.json says the same', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(engines.node).toBe(`>=${LOWEST.join('.')}`)
})

test('no package or library that is loaded for a start needs a newer one', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  expect(packages['node_modules/undici'].engines.node).toBe('>=22.19.0')
})

test('nothing imports what node:crypto has since 24.16 only', () => {
  const files = globSync(join(ROOT, 'src/**/*.ts')).filter((file) =>
    readFileSync(file, 'utf8').includes('randomUUIDv7'),
  )
  expect(files).toEqual([])
})

test('the program says so, also for --version, and loads nothing else', async () => {
  const older =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(older)}`
  expect(await runCli(['--version'], { env: { NODE_OPTIONS } })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'primosync needs Node.js 22.19 or newer, and this is 20.20.2.\n',
  })
})

test('the entry point imports nothing but that check', () => {
  const source = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8')
  expect([...source.matchAll(/from '(.*)'/g)].map(([, file]) => file)).toEqual(['./node-version.ts'])
})
