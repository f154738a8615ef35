// primosync category …: the registry of categories.
import { CATEGORY_ALLOWED, categoryProblem } from '../../counters/category-name.ts'
import { UsageError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { readRegistered } from '../../read/categories.ts'
import { EMPTY_HINT } from '../../read/words.ts'
import type { Db } from '../../warehouse/pool.ts'
import { addCategories, findCategory, setCategoryLabel, setCategoryState } from '../../warehouse/registry.ts'
import type { CategoryState } from '../../warehouse/tables.ts'
import type { Context, Group, NamedAction } from '../command.ts'
import { accountOrDefault } from '../default-account.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  label?: string
}

const list: NamedAction<Options> = {
  name: 'list',
  summary: 'list the categories with their state',
  examples: ['primosync category list', 'primosync category list --account default --json'],
  configure: (command) => command.option('--account <name>', 'only this account'),
  async run({ config, options, output, log }) {
    const categories = await withConfiguredWarehouse(config, log, ({ db }) =>
      readRegistered(db, options.account),
    )
    if (options.json) return output.json(categories)
    if (categories.length === 0)
      return output.print(`There is no category yet. Add one: ${PROGRAM} category add NAME`)
    output.table(categories, [
      { header: 'account', value: ({ account }) => account },
      { header: 'category', value: ({ category }) => category },
      { header: 'state', value: ({ state }) => state },
      { header: 'note', value: ({ note }) => note },
      { header: 'label', value: ({ label }) => label },
    ])
    if (categories.some(({ note }) => note === 'empty')) output.print(EMPTY_HINT)
  },
}

const add: NamedAction<Options> = {
  name: 'add',
  summary: 'add categories, to be asked for from the next tick on',
  examples: [
    'primosync category add codeConfirmation',
    'primosync category add "Été & Soldes" --label "Summer sale"',
  ],
  configure: (command) =>
    command
      .argument('<names...>', 'names of the categories, verbatim')
      .option('--account <name>', 'the account they belong to')
      .option('--label <text>', 'a name for people'),
  async run(context) {
    const names = context.args[0] as string[]
    for (const name of names) {
      const problem = categoryProblem(name)
      if (problem !== null) {
        throw new UsageError(`The category ${JSON.stringify(name)} ${problem}.`, {
          hint: `Allowed: ${CATEGORY_ALLOWED}.`,
        })
      }
    }
    await change(context, async (db, account) => {
      const ids = await addCategories(db, account, names)
      if (context.options.label !== undefined) {
        for (const id of ids.values()) await setCategoryLabel(db, id, context.options.label)
      }
      // Adding a paused or removed category makes it active again.
      for (const id of ids.values()) await setCategoryState(db, id, 'active')
      return names
    })
  },
}

function stateCommand(name: string, state: CategoryState, summary: string): NamedAction<Options> {
  return {
    name,
    summary,
    examples: [`primosync category ${name} codeConfirmation`],
    configure: (command) =>
      command
        .argument('<names...>', 'names of the categories, verbatim')
        .option('--account <name>', 'the account they belong to'),
    run: (context) =>
      change(context, async (db, account) => {
        const names = context.args[0] as string[]
        const found = await Promise.all(names.map((category) => findCategory(db, account, category)))
        for (const { id } of found) await setCategoryState(db, id, state)
        return names
      }),
  }
}

/** Runs `work`, then shows the state of the categories whose names it returns. */
async function change(
  context: Context<Options>,
  work: (db: Db, account: string) => Promise<readonly string[]>,
): Promise<void> {
  const { config, log, options, output } = context
  const { account, changed } = await withConfiguredWarehouse(config, log, async ({ db, isDemo }) => {
    const account = accountOrDefault(config, options.account, isDemo)
    const names = await work(db, account)
    const registered = await readRegistered(db, account)
    return { account, changed: registered.filter(({ category }) => names.includes(category)) }
  })
  if (options.json) return output.json(changed)
  for (const { category, state } of changed)
    output.print(`${JSON.stringify(category)} of ${account} is ${state}`)
}

export const category: Group = {
  examples: ['primosync category list', 'primosync category add codeConfirmation'],
  commands: [
    list,
    add,
    stateCommand('pause', 'paused', 'stop asking for categories for a while'),
    stateCommand('resume', 'active', 'ask for paused or removed categories again'),
    stateCommand('remove', 'removed', 'stop asking for categories for good; their history stays'),
  ],
}
