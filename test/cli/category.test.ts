// primosync category …: the registry from the command line.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { install } from '../helpers/installation.ts'
import { rowsOf } from '../helpers/tick.ts'

describe('category', () => {
  test('adds, pauses, resumes and removes; only the active ones are asked', async () => {
    const { run, provider, witness } = await install('a')
    await run(['category', 'add', 'b', 'c', '--label', 'Codes'])
    expect(await run(['category', 'pause', 'b'])).toMatchObject({
      code: 0,
      stdout: '"b" of default is paused\n',
    })
    await run(['category', 'remove', 'c'])
    const { stdout } = await run(['category', 'list', '--json'])
    const of = {
      account: 'default',
      label: 'Codes',
      note: null,
      added_at: expect.stringMatching(/^\d{4}-/),
      first_snapshot_at: null,
      last_snapshot_at: null,
    }
    expect(JSON.parse(stdout)).toEqual([
      { ...of, category: 'b', state: 'paused' },
      { ...of, category: 'c', state: 'removed' },
    ])
    await run(['sync'])
    expect(provider.asked.filter((category) => category !== '')).toEqual(['a'])
    await run(['category', 'resume', 'b', 'c'])
    await run(['sync'])
    expect(
      provider.asked
        .filter((category) => category !== '')
        .slice(1)
        .sort(),
    ).toEqual(['a', 'b', 'c'])
    expect(await rowsOf(witness, 'select count(*)::int from sms.snapshots')).toEqual([{ count: 4 }])
  }, 60_000)

  test('ends with 2 for a name that is not there or cannot be, and helps to find the one that is meant', async () => {
    const { run } = await install()
    await run(['category', 'add', 'Rappels RDV'])
    await Promise.all(
      (
        [
          [['pause', 'x'], 'There is no category "x" in the account default.'],
          [['pause', ' rappels rdv'], 'there is "Rappels RDV"'],
          [['add', 'x'.repeat(256)], 'has 256 characters'],
          [['add', ''], 'is empty'],
        ] as const
      ).map(async ([args, message]) => {
        const { code, stderr } = await run(['category', ...args])
        expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
      }),
    )
  })

  test('with several accounts asks which one is meant', async () => {
    const { run, cwd } = await install()
    const accounts = ['shop', 'clinic'].map((name) => ({ name, api_key: `key-of-${name}` }))
    writeFileSync(join(cwd, 'primosync.yaml'), JSON.stringify({ accounts }))
    const env = { PRIMOTEXTO_API_KEY: '', PRIMOTEXTO_CATEGORIES: '' }
    const refused = await run(['category', 'add', 'x'], env)
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/several accounts.*\nhint: Add --account and one of: shop, clinic\./)
    expect(await run(['category', 'add', 'x', '--account', 'clinic'], env)).toMatchObject({
      code: 0,
      stdout: '"x" of clinic is active\n',
    })
  })

  test('with the database away ends with 1', async () => {
    const { run, proxy } = await install()
    proxy.cut()
    const { code, stderr } = await run(['category', 'list'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^primosync: The database cannot be used: .*\nhint: /m)
  })
})
