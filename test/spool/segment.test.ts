// A segment: what is on the disk can be read back, whatever happened to the rest of the file.
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readRecords, readTail } from '../../src/spool/read.ts'
import { fromLine, type SpoolRecord, toLine } from '../../src/spool/records.ts'
import { createSegment } from '../../src/spool/segment.ts'
import { temporaryFolder } from '../helpers/cli.ts'

const answer = (category: string, body = ''): SpoolRecord => {
  return { kind: 'rejected', account: 'default', category, at: 1_750_000_000_000, reason: 'a test', body }
}
const newSegment = () => {
  const segment = createSegment(join(temporaryFolder(), 'segment'))
  onTestFinished(() => segment.close())
  return segment
}
const names = (records: readonly SpoolRecord[]) =>
  records.map((record) => ('category' in record ? record.category : record.kind))

describe('a segment', () => {
  test('gives back what was appended, in order, however much comes at once', async () => {
    const segment = newSegment()
    const categories = Array.from({ length: 500 }, (_, i) => `Été & "Soldes" 🎉\n${i}`)
    await Promise.all(categories.map((category) => segment.append(answer(category))))
    const { records, damaged, endBytes } = await readRecords(segment.path, 0)
    expect(names(records)).toEqual(categories)
    expect(damaged).toEqual([])
    expect(endBytes).toBe(segment.durableBytes)
    expect(statSync(segment.path).size).toBe(endBytes)
  })

  test('is nobody else’s to read', async () => {
    const segment = newSegment()
    await segment.append(answer('a'))
    expect(statSync(segment.path).mode & 0o777).toBe(0o600)
  })

  test('taken away under a writer: the writer hears of it, and of nothing being kept from then on', async () => {
    const segment = newSegment()
    await segment.append(answer('a'))
    rmSync(segment.path)
    const refusal = {
      message: expect.stringContaining(`${segment.path}: the file was removed by another process`),
    }
    await expect(segment.append(answer('b'))).rejects.toMatchObject(refusal)
    await expect(segment.append(answer('c'))).rejects.toMatchObject(refusal)
  })

  test('in a folder that is gone: every append says so', async () => {
    const segment = createSegment(join(temporaryFolder(), 'gone', 'segment'))
    const appended = await Promise.allSettled([segment.append(answer('a')), segment.append(answer('b'))])
    for (const result of appended) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { name: 'PrimosyncError', exitCode: 1, hint: expect.stringContaining('PRIMOSYNC_DATA_DIR') },
      })
    }
    await segment.close()
  })
})

describe('reading', () => {
  const three = [answer('a'), answer('b'), answer('c')].map(toLine)
  const write = (text: string | Buffer) => {
    const path = join(temporaryFolder(), 'segment')
    writeFileSync(path, text)
    return path
  }

  test('a last line that was not written to its end, cut anywhere, is left for later', async () => {
    const path = write(three.join(''))
    const whole = three[0]!.length + three[1]!.length
    for (let size = whole + three[2]!.length - 1; size >= whole; size -= 7) {
      truncateSync(path, size)
      const { records, damaged, endBytes } = await readRecords(path, 0)
      expect({ names: names(records), damaged, endBytes }).toEqual({
        names: ['a', 'b'],
        damaged: [],
        endBytes: whole,
      })
      expect((await readTail(path, endBytes)).length).toBe(size - whole)
    }
    truncateSync(path, whole)
    appendFileSync(path, three[2]!)
    expect(names((await readRecords(path, whole)).records)).toEqual(['c'])
  })

  for (const [what, damage] of [
    ['a bit that fell over', (line: string) => line.replace('"kind"', '"kinc"')],
    ['zeros', (line: string) => `${'\0'.repeat(line.length - 1)}\n`],
    ['an empty line', () => '\n'],
    ['the checksum of nothing', () => '00000000 \n'],
    ['bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x80, 10])],
    ['a kind of a later version', () => toLine({ kind: 'later' } as never)],
  ] as const) {
    test(`${what} in the middle costs that line, which is kept as it stands`, async () => {
      const line = Buffer.from(damage(three[1]!) as string)
      const path = write(Buffer.concat([Buffer.from(three[0]!), line, Buffer.from(three[2]!)]))
      const { records, damaged } = await readRecords(path, 0)
      expect(names(records)).toEqual(['a', 'c'])
      expect(damaged).toEqual([line.subarray(0, -1)])
    })
  }

  test('goes in stretches, each of whole lines, also where one is longer than a stretch', async () => {
    const bodies = ['x'.repeat(400_000), 'x'.repeat(400_000), 'é'.repeat(1_500_000), '']
    const path = write(bodies.map((body, i) => toLine(answer(String(i), body))).join(''))
    const stretches: string[][] = []
    for (let from = 0; ; ) {
      const { records, endBytes } = await readRecords(path, from)
      if (endBytes === from) break
      stretches.push(names(records))
      from = endBytes
    }
    expect(stretches.flat()).toEqual(['0', '1', '2', '3'])
    expect(stretches.length).toBeGreaterThan(2)
  })

  test('stops at what is on the disk, of a segment being written', async () => {
    const path = write(three.join(''))
    expect(names((await readRecords(path, 0, three[0]!.length + 5)).records)).toEqual(['a'])
  })

  test('finds nothing where there is no file', async () => {
    expect(await readRecords(join(temporaryFolder(), 'none'), 0)).toEqual({
      records: [],
      damaged: [],
      endBytes: 0,
    })
  })

  test('a line gives back exactly what was put into it', () => {
    const record = answer('\u2028 \ud800 __proto__', '{"__proto__":1}')
    expect(fromLine(toLine(record).slice(0, -1))).toEqual(record)
    expect(readFileSync(write(toLine(record)), 'utf8').split('\n')).toHaveLength(2)
  })
})
