// The program that tests start as a process: the bundle, as users have it, built anew for each run of the tests.

import { fileURLToPath } from 'node:url'
import { bundle } from '../../scripts/build.ts'

const FOLDER = fileURLToPath(new URL('../../dist-test/', import.meta.url))

/** The entry file, for `node`. */
export const PROGRAM = `${FOLDER}cli/main.js`

/** Builds it. Call it before the first process is started. */
export const buildProgram = () => bundle(FOLDER)
