import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startProgress } from '../../src/cli/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function screen(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80, cursorTo() {}, clearLine() {} })
  let text = ''
  stream.on('data', (part) => {
    text += part
  })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}

test('what is done within a second shows no bar', () => {
  const { stream, text } = screen(true)
  const progress = startProgress('asking', 10, stream)
  vi.advanceTimersByTime(900)
  progress.advance(10)
  progress.stop()
  vi.advanceTimersByTime(2000)
  expect(text()).toBe('')
})

test('what takes longer shows how far it is', () => {
  const { stream, text } = screen(true)
  const progress = startProgress('asking \u001b[2J', 10, stream)
  progress.advance(3)
  vi.advanceTimersByTime(1500)
  progress.advance()
  vi.advanceTimersByTime(500)
  progress.stop()
  expect(text()).toContain('3/10')
  expect(text()).toContain('4/10')
  expect(text()).toContain('asking \\u001b[2J')
})

test('no bar where nobody looks', () => {
  const { stream, text } = screen(false)
  const progress = startProgress('asking', 10, stream)
  vi.advanceTimersByTime(5000)
  progress.advance()
  progress.stop()
  expect(text()).toBe('')
})
