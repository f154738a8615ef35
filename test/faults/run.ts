// npm run test:faults [-- --seed 1 --minutes 10 --only TEXT --verbose]: breaks everything around the program, and
// proves at the end that nothing was lost or stored twice. Ends with 1 where something is not as it has to be.
import { parseArgs } from 'node:util'
import { FAULTS } from './faults.ts'
import { IN_FLIGHT_MS, printTable } from './ledger.ts'
import { runSuite } from './suite.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
  },
})
const startedAt = Date.now()
const outcome = await runSuite({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  faults: FAULTS.filter(({ name }) => name.includes(values.only)),
  verbose: values.verbose,
})
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1)
console.log(`Seed ${values.seed}, ${minutes} min, ${outcome.injected} faults injected.\n`)
console.log(printTable(outcome.lines))
console.log(`
Served: answers with status 200 that the provider gave to the last byte, each with a total of its own. Stored: in
sms.snapshots, or in sync.rejected with their reason. In flight: given so late that the program may not have read
them to the end: less than ${IN_FLIGHT_MS} ms before it was killed, told to stop or paused, while it was paused, or less than
${IN_FLIGHT_MS} ms before it broke the connection itself; what stood in its spool when it was killed never counts as in flight.
Lost: neither stored nor in flight. Doubled: stored more than once, in flight or not.

Slowest recovery: ${(outcome.slowestRecoveryMs / 1000).toFixed(1)} s from mending to the next stored answer. Most log lines of a program in a minute: ${outcome.mostLinesAMinute}.`)
for (const skipped of outcome.skipped) console.log(`SKIPPED  ${skipped}`)
for (const problem of outcome.problems) console.log(`PROBLEM  ${problem}`)
process.exitCode = outcome.problems.length === 0 ? 0 : 1
