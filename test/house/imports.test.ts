// Imports go one way: each room of src/ may import only the rooms listed for it (CONTRIBUTING.md), and no file
// imports itself by way of others.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')

/** The files directly in src/ (errors, logging, stopping …) may be imported by every room. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  counters: [],
  embedded: [],
  network: [],
  config: ['counters', 'network'],
  primotexto: ['counters', 'network'],
  sandbox: ['counters'],
  transfer: ['counters'],
  spool: ['counters', 'primotexto'],
  warehouse: ['counters', 'spool', 'transfer'],
  read: ['counters', 'primotexto', 'spool', 'transfer', 'warehouse'],
  doctor: ['network', 'read', 'primotexto', 'spool', 'warehouse', 'counters'],
  sync: ['config', 'counters', 'primotexto', 'sandbox', 'spool', 'warehouse'],
  serve: ['counters', 'primotexto', 'read', 'spool', 'sync', 'transfer', 'warehouse'],
  cli: [
    'config',
    'counters',
    'doctor',
    'embedded',
    'primotexto',
    'read',
    'sandbox',
    'serve',
    'spool',
    'sync',
    'transfer',
    'warehouse',
  ],
}

const importsOf = new Map(
  globSync('**/*.ts', { cwd: SRC }).map((file) => {
    const targets = [...readFileSync(join(SRC, file), 'utf8').matchAll(/from '(\.{1,2}\/[^']+\.ts)'/g)]
    return [file, targets.map(([, target]) => relative(SRC, join(SRC, dirname(file), target!)))] as const
  }),
)

const roomOf = (file: string) => (file.includes('/') ? file.split('/')[0]! : null)

test('every room is listed', () => {
  const rooms = [...importsOf.keys()].map(roomOf).filter((room) => room !== null)
  expect([...new Set(rooms)].toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted())
})

test('rooms import only what is listed for them', () => {
  const wrong = [...importsOf].flatMap(([file, targets]) => {
    const room = roomOf(file)
    if (room === null) return []
    return targets
      .filter((target) => ![null, room, ...MAY_IMPORT[room]!].includes(roomOf(target)))
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
})

test('no file imports itself by way of others', () => {
  const settled = new Set<string>()
  const circleFrom = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (settled.has(file)) return null
    for (const target of importsOf.get(file) ?? []) {
      const circle = circleFrom(target, [...path, file])
      if (circle !== null) return circle
    }
    settled.add(file)
    return null
  }
  expect([...importsOf.keys()].map((file) => circleFrom(file, [])).find((circle) => circle !== null)).toBe(
    undefined,
  )
})
