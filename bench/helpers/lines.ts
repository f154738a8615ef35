// An import file as a stream: NDJSON, category by category, as export writes it.
import { COUNTERS } from '../../src/counters/names.ts'
import { categoryNames, FIVE_MINUTES_MS, readingOf, START_AT } from './readings.ts'

/** Blocks of lines; nothing is kept. */
export function* ndjsonBlocks(categories: number, polls: number): Generator<Buffer> {
  let block = ''
  for (const [n, category] of categoryNames(categories).entries()) {
    for (let poll = 0; poll < polls; poll++) {
      const { counters, timespent } = readingOf(n, poll)
      const stats = COUNTERS.map((name, i) => `"${name}":${counters[i]}`).join(',')
      const at = new Date(START_AT + poll * FIVE_MINUTES_MS).toISOString()
      block += `{"account":"default","category":"${category}","observed_at":"${at}","stats":{${stats},"timespent":${timespent}}}\n`
      if (block.length < 1 << 16) continue
      yield Buffer.from(block)
      block = ''
    }
  }
  yield Buffer.from(block)
}

/** The same rows in COPY's text form for the bare table. */
export function* copyBlocks(categories: number, polls: number): Generator<Buffer> {
  let block = ''
  for (let n = 0; n < categories; n++) {
    for (let poll = 0; poll < polls; poll++) {
      const { counters, timespent } = readingOf(n, poll)
      const at = new Date(START_AT + poll * FIVE_MINUTES_MS).toISOString()
      block += `${n + 1}\t${at}\t${counters.join('\t')}\t${timespent}\n`
      if (block.length < 1 << 16) continue
      yield Buffer.from(block)
      block = ''
    }
  }
  yield Buffer.from(block)
}
