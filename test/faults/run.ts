// npm run test:faults [-- --seed 1 --minutes 12 --only TEXT --verbose --strict]: breaks everything around the program,
// and proves at the end that nothing was lost or stored twice. Exits with 1 if there is a problem; with --strict also if
// a fault cannot be injected on this machine.
import { parseArgs } from 'node:util'
import { buildProgram } from '../helpers/program.ts'
import { FAULTS } from './faults.ts'
import { IN_FLIGHT_MS, printTable } from './ledger.ts'
import { runSuite } from './suite.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '12' },
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})
await buildProgram()
const startedAt = Date.now()
const outcome = await runSuite({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  faults: FAULTS.filter(({ name }) => name.includes(values.only)),
  verbose: values.verbose,
})
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1)
const { faultsHit, badAnswers, problems, skipped } = outcome
console.log(`Seed ${values.seed}, ${minutes} min, ${faultsHit + badAnswers} faults injected: ${faultsHit} kills, outages and the like, and
${badAnswers} single bad answers of the provider. Missed: ${outcome.misses.length}.\n`)
console.log(printTable(outcome.lines))
console.log(`
Injected: the fault verifiably changed something. Missed: it was injected and changed nothing.
Served: answers with status 200 that the provider sent to the last byte, each with a unique total. Stored: in
sms.snapshots, or in sync.rejected with a reason. In flight: sent so late that the program may not have read them
completely: less than ${IN_FLIGHT_MS} ms before it was killed, stopped or paused, while it was paused, or less than ${IN_FLIGHT_MS} ms
before it broke the connection itself. What was in its spool when it was killed never counts as in flight.
Lost: neither stored nor in flight. Doubled: stored more than once, in flight or not.

Slowest recovery: ${(outcome.slowestRecoveryMs / 1000).toFixed(1)} s from the repair to the next stored answer. Most log lines of a program in a minute: ${outcome.mostLinesAMinute}.`)
for (const { fault, why } of outcome.misses) console.log(`MISSED   ${fault}: ${why}`)
for (const what of skipped) console.log(`SKIPPED  ${what}`)
for (const problem of problems) console.log(`PROBLEM  ${problem}`)
process.exitCode = problems.length > 0 || (values.strict && skipped.length > 0) ? 1 : 0
