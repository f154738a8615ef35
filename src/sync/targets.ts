// Which categories a tick asks for: those that are active in the registry. A copy is kept in the folder of the spool, so
// that asking goes on while the database is away.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Asked } from '../primotexto/circuit.ts'
import { isDatabaseAway } from '../warehouse/away.ts'
import { readMemory } from '../warehouse/memory.ts'
import type { Db, Warehouse } from '../warehouse/pool.ts'
import { addAccount, addCategories, askForImported, listCategories } from '../warehouse/registry.ts'
import type { CategoryState } from '../warehouse/tables.ts'

/** A category to ask for, with what earlier runs know of it. */
export interface Target extends Asked {
  readonly account: string
}

/** An account that can be asked, with the categories that the settings list for it. */
export interface Listed {
  readonly name: string
  /** A name for people; null: none. */
  readonly label: string | null
  readonly categories: readonly string[]
}

interface Registered extends Target {
  readonly state: CategoryState
}

const FILE = 'categories.json'

/** A category that was never asked for. */
const NEW = { lastOutcome: null, isEmpty: true } as const

/** Adds what the settings list to the registry. Returns the active categories of these accounts. */
export async function readTargets(
  { db }: Warehouse,
  accounts: readonly Listed[],
  spoolFolder: string,
): Promise<Target[]> {
  const registered: Registered[] = []
  for (const { name, label, categories } of accounts) {
    await addAccount(db, name, label)
    const refused = await addListed(db, name, categories)
    const memory = await readMemory(db, name)
    for (const { id, account, category, state } of await listCategories(db, name))
      registered.push({ account, category, state, ...(memory.get(id) ?? NEW) })
    for (const category of refused) registered.push({ account: name, category, state: 'active', ...NEW })
  }
  // Asking goes on without a copy. The spool reports what is wrong with the folder.
  await remember(spoolFolder, registered).catch(() => {})
  return activeOf(registered)
}

/**
 * Adds the categories that the settings list. Returns those whose names the database refuses while it takes others:
 * they are asked for all the same.
 */
async function addListed(db: Db, account: string, names: readonly string[]): Promise<readonly string[]> {
  const add = async (some: readonly string[]) => {
    await addCategories(db, account, some)
    await askForImported(db, account, some)
  }
  try {
    await add(names)
    return []
  } catch (error) {
    if (isDatabaseAway(error)) throw error
    const refused: string[] = []
    for (const name of names) await add([name]).catch(() => refused.push(name))
    if (refused.length === names.length) throw error
    return refused
  }
}

/** Returns the active categories as the database last had them, and those that the settings have listed since. */
export async function rememberedTargets(accounts: readonly Listed[], spoolFolder: string): Promise<Target[]> {
  const remembered = await recall(spoolFolder)
  return accounts.flatMap(({ name, categories }) => {
    const ofAccount = remembered.filter(({ account }) => account === name)
    const known = new Set(ofAccount.map(({ category }) => category))
    const added = categories.filter((category) => !known.has(category))
    return [...activeOf(ofAccount), ...added.map((category) => ({ account: name, category, ...NEW }))]
  })
}

/** Remembers what a run brought, for the runs that begin while the database is away. Never rejects. */
export async function rememberOutcomes(spoolFolder: string, asked: readonly Target[]): Promise<void> {
  const keyOf = ({ account, category }: Target) => JSON.stringify([account, category])
  const outcomes = new Map(asked.map((target) => [keyOf(target), target]))
  const remembered = await recall(spoolFolder)
  const known = new Set(remembered.map(keyOf))
  const updated = remembered.map((each) => ({ ...each, ...outcomes.get(keyOf(each)) }))
  const added = asked
    .filter((target) => !known.has(keyOf(target)))
    .map((target) => ({ ...target, state: 'active' as const }))
  await remember(spoolFolder, [...updated, ...added]).catch(() => {})
}

function activeOf(registered: readonly Registered[]): Target[] {
  return registered.filter(({ state }) => state === 'active').map(({ state: _, ...target }) => target)
}

async function recall(spoolFolder: string): Promise<readonly Registered[]> {
  try {
    return JSON.parse(await readFile(join(spoolFolder, FILE), 'utf8'))
  } catch {
    return [] // not written yet, or incomplete
  }
}

async function remember(spoolFolder: string, registered: readonly Registered[]): Promise<void> {
  const path = join(spoolFolder, FILE)
  const text = JSON.stringify(registered)
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return
  const draft = `${path}.${process.pid}`
  await writeFile(draft, text, { mode: 0o600, flush: true })
  await rename(draft, path)
}
