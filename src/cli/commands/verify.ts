// primosync verify: proves that all stored numbers follow from the snapshots.
import { PROGRAM } from '../../own-command.ts'
import { type Difference, verify as verifyWarehouse } from '../../warehouse/proof/verify.ts'
import { categoryProgress } from '../category-progress.ts'
import type { Action } from '../command.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

export const verify: Action<object> = {
  examples: ['primosync verify', 'primosync verify --json'],
  async run({ config, options, output, log }) {
    const { categories, snapshots, pruned, differences, differenceCount } = await withConfiguredWarehouse(
      config,
      log,
      (warehouse) => categoryProgress('verifying', (progress) => verifyWarehouse(warehouse, progress)),
    )
    const ok = differenceCount === 0
    if (options.json)
      output.json({ ok, categories, snapshots, pruned, difference_count: differenceCount, differences })
    else if (ok) {
      output.print(
        `${output.colors.green('Everything agrees')}: ${categories} categories, ${snapshots} snapshots; Σ hours = Σ days = Σ weeks = Σ months = Σ deltas.`,
      )
      if (pruned > 0) {
        output.print(
          `Older snapshots of ${pruned} categories were pruned: their earlier trends are final (sync.prunes).`,
        )
      }
    } else {
      output.print(
        `${output.colors.red('Not all is expected')}: ${differenceCount} differences. The first ones:`,
      )
      output.table(differences, [
        { header: 'table', value: ({ table }) => table },
        { header: 'category', value: whose },
        { header: 'row', value: ({ row }) => row },
        { header: 'column', value: ({ column }) => column },
        { header: 'stored', value: ({ stored }) => stored },
        { header: 'expected', value: ({ expected }) => expected },
      ])
      output.print(
        `Run ${PROGRAM} rebuild to correct what is derived. What the provider said is only reported.`,
      )
    }
    return ok ? undefined : 1
  },
}

const whose = ({ account, category }: Difference) =>
  category === null ? null : `${account}: ${category || 'the account itself'}`
