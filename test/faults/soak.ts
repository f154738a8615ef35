// node test/faults/soak.ts [--minutes 10 --categories 2000 --seed 1]: one daemon, thousands of categories every second,
// with faults. Memory must not grow: the heap of the last minute is at most 1.1 times that of the second.
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { balance } from './ledger.ts'
import { DATABASE } from './lists/database.ts'
import { NETWORK } from './lists/network.ts'
import { PROVIDER } from './lists/provider.ts'
import type { Program } from './programs.ts'
import { countsIn } from './suite.ts'
import { lastLines, openWorld } from './world.ts'

const GROWTH_LIMIT = 1.1
const MINUTE_MS = 60_000
const CALM_MS = 15_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    categories: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
})
const minutes = Number(values.minutes)
const world = await openWorld({ seed: Number(values.seed), verbose: true, isSmall: true })
const { api, cluster, dice, problems } = world
const names = [...Array(Number(values.categories)).keys()].map((n) => `soak ${n}`)
const daemon = world.run(['start'], {
  nodeOptions: ['--trace-gc'],
  env: { PRIMOTEXTO_CATEGORIES: names.join(','), SYNC_CONCURRENCY: '16' },
})
const residentMebibytes: number[] = []
const faults = [...DATABASE, ...NETWORK, ...PROVIDER].filter(
  ({ isSlow, cannot, name }) => !isSlow && !cannot && !/TLS|restarted/.test(name),
)
await api.next('answer')
const startedAt = Date.now()
let injected = 0
const sampling = setInterval(() => residentMebibytes.push(resident(daemon)), 5_000)
while (Date.now() - startedAt < minutes * MINUTE_MS && daemon.endedAt === null) {
  await delay(CALM_MS)
  const fault = dice.pick(faults)
  world.say(fault.name)
  api.during = fault.name
  await fault.inject(world)
  await world.wire.mend()
  api.during = 'calm'
  injected += 1
}
clearInterval(sampling)
if (daemon.endedAt !== null) problems.push(`the daemon ended: ${lastLines(daemon)}`)
const tookMinutes = (Date.now() - startedAt) / MINUTE_MS
await world.settle()
const heaps = heapByMinute(daemon)
const books = balance(
  api.answered,
  world.programs,
  { injected: new Map(), missed: new Map() },
  await countsIn(world),
)
const second = heaps[1] ?? Number.NaN
const last = heaps.at(-2) ?? Number.NaN // the last whole minute
const growth = last / second
if (!(growth <= GROWTH_LIMIT)) problems.push(`the heap grew by a factor of ${growth.toFixed(2)}`)
for (const answer of books.wrong)
  problems.push(`answer ${answer.total} is there ${answer.times} times (${answer.during})`)
const [runs] = await cluster.admin<{ ticks: number; failed: number }>(
  `select count(*)::int as ticks, sum(failed)::int as failed from sync.runs where trigger = 'schedule'`,
)
console.log(`${values.categories} categories every second, ${tookMinutes.toFixed(1)} min, ${injected} faults: ${runs!.ticks} ticks,
${api.answered.length} answers (${Math.round(api.answered.length / tookMinutes / 60)} a second), ${books.wrong.length} lost or doubled.
Heap after a full collection, least of each minute (MB): ${heaps.map((mb) => mb.toFixed(1)).join(' ')}
Last whole minute against the second: ${growth.toFixed(2)}. Resident: ${Math.min(...residentMebibytes)} to ${Math.max(...residentMebibytes)} MiB.`)
for (const problem of problems) console.log(`PROBLEM  ${problem}`)
await world.close()
process.exitCode = problems.length === 0 ? 0 : 1

function resident({ pid }: Program): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kibibytes ?? 0) / 1024)
}

/** The output of V8 with --trace-gc: `[pid:…] 12345 ms: Mark-Compact … 45.1 (60.0) -> 30.2 (59.5) MB`. */
function heapByMinute(program: Program): number[] {
  const least: number[] = []
  const marks = program.output().matchAll(/(\d+) ms: Mark-Compact.*? -> ([\d.]+) \(/g)
  for (const [, ms, mb] of marks) {
    const minute = Math.floor(Number(ms) / MINUTE_MS)
    least[minute] = Math.min(least[minute] ?? Number.POSITIVE_INFINITY, Number(mb))
  }
  return Array.from(least, (mb) => mb ?? Number.NaN)
}
