// The account's own question in a tick: asked last, stored once, and never a reason for a run to fail.
import { describe, expect, test } from 'vitest'
import { rejudge } from '../../src/warehouse/rejudge.ts'
import { openStage, rowsOf, runsOf } from '../helpers/tick.ts'
import { answer } from '../primotexto/provider.ts'

const FAILURES = 'select account, category, class, attempts from sync.failures order by at'

async function openAskingStage() {
  const stage = await openStage()
  return stage.with({ accountStats: true })
}

describe('the question about the account', () => {
  test('is asked last, and its answer counts nowhere else', async () => {
    const stage = await openAskingStage()
    expect(await stage.tick()).toMatchObject({ status: 'ok', categories: 3, stored: 3 })
    expect(stage.provider.asked.toSorted()).toEqual(['', 'a', 'b', 'c'])
    expect(stage.provider.asked.at(-1)).toBe('')
    expect(
      await rowsOf(stage.witness, 'select account, sent, submitted, credits from sms.account_readings'),
    ).toEqual([{ account: 'default', sent: 4, submitted: null, credits: '999996' }])
    expect(await rowsOf(stage.witness, 'select category from sms.snapshots order by category')).toEqual(
      ['a', 'b', 'c'].map((category) => ({ category })),
    )
    for (const view of ['categories', 'latest', 'freshness'])
      expect(await rowsOf(stage.witness, `select category from sms.${view}`)).toHaveLength(3)
    expect(await runsOf(stage.witness)).toMatchObject([{ categories: 3, stored: 3, failed: 0, rejected: 0 }])
  })

  test('is left out if the settings say so, and in a tick for some categories', async () => {
    const stage = await openAskingStage()
    await stage.with({ accountStats: false }).tick()
    await stage.tick({ categories: ['a'] })
    expect(stage.provider.asked.toSorted()).toEqual(['a', 'a', 'b', 'c'])
  })

  test('may fail: the run is ok, the failure has no category, and it is a warning once', async () => {
    const stage = await openAskingStage()
    stage.provider.respond((category, response, give) => {
      if (category === '') answer(response, 404, '{"error":"not here"}')
      else give()
    })
    for (let i = 0; i < 2; i++)
      expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3, failed: 0 })
    const failure = { account: 'default', category: null, class: 'request', attempts: 1 }
    expect(await rowsOf(stage.witness, FAILURES)).toEqual([failure, failure])
    expect(await runsOf(stage.witness)).toMatchObject([
      { status: 'ok', failed: 0 },
      { status: 'ok', failed: 0 },
    ])
    const told = stage.logged.filter((line) => line.includes('the account'))
    expect(told.map((line) => line.split(' ')[0])).toEqual(['warn', 'debug'])
    expect(await rowsOf(stage.witness, 'select last_failure from sms.freshness')).toEqual(
      Array(3).fill({ last_failure: null }),
    )
  })

  test('refused, it refuses no category, now or in the next run', async () => {
    const stage = await openAskingStage()
    stage.provider.respond((category, response, give) => {
      if (category === '') answer(response, 403, '{"code":72}')
      else give()
    })
    for (let i = 0; i < 2; i++) expect(await stage.tick()).toMatchObject({ status: 'ok', stored: 3 })
    expect(await rowsOf(stage.witness, 'select last_failure from sms.freshness')).toEqual(
      Array(3).fill({ last_failure: null }),
    )
  })

  test('an unusable answer is kept in sync.rejected, without a category', async () => {
    const stage = await openAskingStage()
    stage.provider.respond((category, response, give) => {
      if (category === '') answer(response, 200, '{"sent":-1,"credits":3}')
      else give()
    })
    expect(await stage.tick()).toMatchObject({ status: 'ok', rejected: 0 })
    expect(await rowsOf(stage.witness, 'select category, reason, body from sync.rejected')).toEqual([
      {
        category: null,
        reason: 'sent is -1, not an integer from 0 to 9007199254740991',
        body: '{"sent":-1,"credits":3}',
      },
    ])
    // As if a later version of the rules read it.
    await stage.witness.pool.query(`update store.rejected set body = '{"undelivered":7,"credits":3}'`)
    const [{ id }] = (await rowsOf(stage.witness, `select category_id as id from store.rejected`)) as [
      { id: number },
    ]
    const options = { timezone: 'Europe/Paris', categoryIds: [id], since: new Date(0), dryRun: false }
    expect(await rejudge(stage.witness, options)).toMatchObject({ stored: 1 })
    expect(await rowsOf(stage.witness, 'select undelivered, credits from sms.account_readings')).toEqual([
      { undelivered: 7, credits: '3' },
    ])
  })

  test('is not asked of a provider that answers nothing', async () => {
    const stage = await openAskingStage()
    stage.provider.respond((_, response) => answer(response, 503, ''))
    expect(await stage.tick()).toMatchObject({ status: 'failed' })
    expect(stage.provider.asked).not.toContain('')
  })

  test('while the database is away its answer waits in the spool, and is stored once', async () => {
    const stage = await openAskingStage()
    await stage.tick()
    stage.proxy.cut()
    expect(await stage.tick()).toMatchObject({ waiting: true })
    stage.proxy.restore()
    await stage.tick()
    await stage.tick()
    const served = stage.provider.served.filter((line) => line.startsWith(' ')).map((line) => Number(line))
    const stored = await rowsOf(stage.witness, 'select sent from sms.account_readings order by observed_at')
    expect(stored.map(({ sent }) => sent)).toEqual(served)
    expect(served).toHaveLength(4)
  })
})
