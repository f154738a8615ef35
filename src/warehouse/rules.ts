// Which version of the rules made the derived rows, so that a program with another version can say so.
import { RULES_VERSION } from '../counters/rules-version.ts'
import { PROGRAM } from '../own-command.ts'
import type { Db } from './pool.ts'

/** The version of the rules that made the deltas and trends stored; null: there is no warehouse yet. */
export async function storedRules(db: Db): Promise<number | null> {
  const row = await db.selectFrom('store.reporting').select('rules').executeTakeFirst()
  return row?.rules ?? null
}

export interface RulesProblem {
  readonly message: string
  readonly hint: string
}

/** The problem if stored rows were made by another version of the rules than this program's; null if not. */
export async function rulesProblem(db: Db): Promise<RulesProblem | null> {
  const stored = await storedRules(db)
  if (stored === null || stored === RULES_VERSION) return null
  return {
    message: `The deltas and trends in this warehouse were made by version ${stored} of the rules; this program has version ${RULES_VERSION}.`,
    hint:
      stored < RULES_VERSION
        ? `Run: ${PROGRAM} rebuild`
        : 'Use a newer primosync, as another process with this database does.',
  }
}

/** Records that everything derived follows from the rules of this program. */
export async function setStoredRules(db: Db): Promise<void> {
  await db.updateTable('store.reporting').set({ rules: RULES_VERSION }).execute()
}
