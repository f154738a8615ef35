import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MODULE = fileURLToPath(new URL('../../src/cli/stop-signal.ts', import.meta.url))

// A program that says when it has outlived a signal, and whether it was asked to stop. Its clock stands
// still until a byte from stdin moves it on.
const PROGRAM = `
  import { stopSignal } from ${JSON.stringify(MODULE)}
  let nowMs = 0
  performance.now = () => nowMs
  process.stdin.on('data', () => { nowMs = 60_000; console.log('later') })
  const stop = stopSignal()
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log('alive', stop.aborted))
  console.log('ready')`

async function start() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM])
  const says = async (word: string) => expect(String((await once(child.stdout, 'data'))[0])).toBe(`${word}\n`)
  await says('ready')
  return { child, says, ended: once(child, 'exit') }
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`the first ${signal} asks to stop, a later one ends the program at once`, async () => {
    const { child, says, ended } = await start()
    child.kill(signal)
    await says('alive true')
    child.stdin.write('.')
    await says('later')
    child.kill(signal)
    expect(await ended).toEqual([exitCode, null])
  })
}

test('the copy of Ctrl-C that npm passes on is no second one', async () => {
  const { child, says, ended } = await start()
  child.kill('SIGINT')
  await says('alive true')
  child.kill('SIGINT')
  await says('alive true')
  child.kill('SIGKILL')
  await ended
})
