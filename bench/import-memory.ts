// Whether an import's memory grows with its file: the peak of the process for a large file and for a small one.
import { runCli } from './helpers/child.ts'
import { type Server, withWarehouse } from './helpers/database.ts'
import { ndjsonBlocks } from './helpers/lines.ts'
import type { Question, Scale } from './helpers/question.ts'

const POLLS = 1_000
const SMALL_CATEGORIES = 100
const largeCategoriesAt = ({ full }: Scale) => (full ? 10_000 : 1_000)

export const importMemory: Question = {
  name: 'import-memory',
  asks: 'Does the memory of an import grow with its file?',
  sizeAt: (scale) =>
    `${count(largeCategoriesAt(scale))} lines against ${count(SMALL_CATEGORIES)}, by standard input`,

  async answer(server, scale, say) {
    say('importing')
    const small = await peakOf(server, SMALL_CATEGORIES)
    const large = await peakOf(server, largeCategoriesAt(scale))
    return [
      {
        what: `peak memory of an import of ${count(largeCategoriesAt(scale))} lines`,
        ours: mib(large),
        rival: `${count(SMALL_CATEGORIES)} lines ${mib(small)}`,
        ratio: large / small,
        goal: { atMost: 1.2 },
      },
    ]
  },
}

function peakOf(server: Server, categories: number): Promise<number> {
  return withWarehouse(server, async ({ url }) => {
    const { peakBytes } = await runCli(['import', '-'], url, ndjsonBlocks(categories, POLLS))
    return peakBytes
  })
}

const count = (categories: number) => (categories * POLLS).toLocaleString('en')
const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
