// Which categories a tick asks for: those that are active in the registry. A copy is kept beside the spool, so
// that asking goes on while the database is away.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Warehouse } from '../warehouse/pool.ts'
import { addCategories, listCategories } from '../warehouse/registry.ts'

export interface Target {
  readonly account: string
  readonly category: string
}

/** An account that can be asked, with the categories that the settings list for it. */
export interface Listed {
  readonly name: string
  readonly categories: readonly string[]
}

const FILE = 'categories.json'

/** Adds what the settings list to the registry, and gives the active categories of these accounts. */
export async function readTargets(
  warehouse: Warehouse,
  accounts: readonly Listed[],
  spoolFolder: string,
): Promise<Target[]> {
  const targets: Target[] = []
  for (const { name, categories } of accounts) {
    await addCategories(warehouse.db, name, categories)
    const active = (await listCategories(warehouse.db, name)).filter(({ state }) => state === 'active')
    targets.push(...active.map(({ account, category }) => ({ account, category })))
  }
  await remember(spoolFolder, targets)
  return targets
}

/** The categories as of the last time that the database was there, else those of the settings. */
export async function rememberedTargets(accounts: readonly Listed[], spoolFolder: string): Promise<Target[]> {
  const listed = accounts.flatMap(({ name, categories }) =>
    categories.map((category) => ({ account: name, category })),
  )
  const remembered = await readFile(join(spoolFolder, FILE), 'utf8').then(JSON.parse, () => null)
  if (!Array.isArray(remembered)) return listed
  const names = new Set(accounts.map(({ name }) => name))
  return remembered.filter(({ account }: Target) => names.has(account))
}

async function remember(spoolFolder: string, targets: readonly Target[]): Promise<void> {
  const path = join(spoolFolder, FILE)
  const text = JSON.stringify(targets)
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
