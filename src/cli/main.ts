#!/usr/bin/env node
// The entry point. It loads the program only on a Node that can run it: on an older one the loading itself would fail,
// with an error that nobody can read. So this file and what it imports keep to what Node 14 understands.

import { nodeProblem } from './node-version.ts'

const problem = nodeProblem(process.versions.node)
if (problem === null) {
  await import('./run.ts')
} else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
