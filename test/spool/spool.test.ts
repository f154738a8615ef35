// The spool's folder: who may read it, what lies in it, and when it is full.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SpoolRecord } from '../../src/spool/records.ts'
import { openSpool } from '../../src/spool/spool.ts'
import { temporaryFolder } from '../helpers/cli.ts'

const KEYS = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'] as const
const run = (key: string): SpoolRecord => {
  return {
    kind: 'run',
    key,
    account: null,
    trigger: 'manual',
    scheduledAt: null,
    startedAt: 0,
    categories: 0,
  }
}

describe('the spool', () => {
  test('opens in a folder that is not there yet, for this user only', async () => {
    const dataDir = join(temporaryFolder(), 'data')
    const { folder } = await openSpool(dataDir)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  })

  test('where nothing can be written, it says so at once', async () => {
    const dataDir = join(temporaryFolder(), 'a-file')
    writeFileSync(dataDir, '')
    await expect(openSpool(dataDir)).rejects.toMatchObject({
      message: expect.stringContaining(`cannot be written: ${dataDir}`),
      hint: expect.stringContaining('PRIMOSYNC_DATA_DIR'),
      exitCode: 1,
    })
  })

  test('lists what waits, oldest first, and nothing else', async () => {
    const spool = await openSpool(temporaryFolder())
    for (const key of KEYS.toReversed()) {
      const segment = spool.create(key)
      await segment.append(run(key))
      await segment.close()
    }
    writeFileSync(join(spool.folder, 'categories.json'), '[]')
    writeFileSync(join(spool.folder, 'notes.ndjson'), '')
    mkdirSync(join(spool.folder, 'folder'))
    await spool.setAside(KEYS[0], 0, [Buffer.from('x')])
    const waiting = await spool.list()
    expect(waiting.map(({ runKey }) => runKey)).toEqual(KEYS)
    await spool.remove(waiting[0]!.path)
    await spool.remove(waiting[0]!.path) // another process was faster
    expect(await spool.list()).toHaveLength(1)
  })

  test('keeps what is damaged, for this user only', async () => {
    const spool = await openSpool(temporaryFolder())
    const lines = [Buffer.from([0xff]), Buffer.from('second')]
    const path = await spool.setAside(KEYS[0], 0, lines)
    expect(await spool.setAside(KEYS[0], 0, lines)).toBe(path) // a second attempt leaves it as it is
    expect(await spool.setAside(KEYS[0], 512, [Buffer.from('third')])).not.toBe(path)
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from([0xff]), Buffer.from('\nsecond\n')]))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('says when no more may wait, and when the disk has no room', async () => {
    const spool = await openSpool(temporaryFolder(), 100)
    expect(await spool.lackOfRoom(1000)).toBeNull()
    expect(await spool.lackOfRoom(1e15)).toMatchObject({
      message: expect.stringContaining('There is no room'),
    })
    const segment = spool.create(KEYS[0])
    await segment.append(run(KEYS[0]))
    await segment.close()
    expect(await spool.lackOfRoom(1)).toMatchObject({ message: expect.stringContaining('The spool is full') })
  })
})
