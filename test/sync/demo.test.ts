// The demo's past: loaded whole or not at all, and once.
import { expect, test } from 'vitest'
import { createClient } from '../../src/primotexto/client.ts'
import { SANDBOX_CATEGORIES, SANDBOX_SEED } from '../../src/sandbox/lives.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { loadDemoHistory } from '../../src/sync/demo.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { openStage, rowsOf, runsOf } from '../helpers/tick.ts'

test('two programs that load the demo at once load it once', async () => {
  const stage = await openStage({ silenceMs: 30_000 })
  const load = () => loadDemoHistory(stage.deps.warehouse, () => {}).catch((error) => error.code)
  const loaded = await Promise.all([load(), load()])
  const stored = Math.max(...loaded.filter((count) => typeof count === 'number'))
  // The other one finds it there, or gives up waiting: that is for the next start.
  expect(loaded.filter((count) => count !== stored)).toEqual([
    expect.toSatisfy((it) => it === 0 || it === '55P03'),
  ])
  expect(await rowsOf(stage.witness, 'select count(*)::int from sms.snapshots')).toEqual([{ count: stored }])
  expect(await runsOf(stage.witness)).toMatchObject([
    { trigger: 'import', status: 'ok', categories: 12, stored },
  ])
}, 60_000)

test('the history comes once, also after a tick, and ends where that began', async () => {
  const stage = await openStage({ silenceMs: 30_000 })
  const sandbox = await startSandbox({ port: 0, seed: SANDBOX_SEED })
  const client = createClient({
    apiKey: () => 'sandbox',
    baseUrl: sandbox.url,
    timeoutMs: 10_000,
    concurrency: 8,
    ratePerSecond: null,
  })
  try {
    const accounts = [{ name: 'sandbox', label: null, categories: SANDBOX_CATEGORIES, client }]
    expect(await stage.with({ accounts }).tick()).toMatchObject({ status: 'ok', stored: 12 })
  } finally {
    await client.close()
    await sandbox.close()
  }
  const load = () => loadDemoHistory(stage.deps.warehouse, () => {})
  expect(await load()).toBeGreaterThan(10_000)
  expect(await load()).toBe(0)
  const { differenceCount } = await verify(stage.witness)
  const asked = await rowsOf(
    stage.witness,
    `select bool_and(s.observed_at = l.observed_at and d.kind = 'growth') as fits
    from sms.snapshots s join sms.latest l using (account, category)
    join sms.deltas d on d.category = s.category and d.observed_at = s.observed_at where s.source = 'api'`,
  )
  expect({ differenceCount, asked }).toEqual({ differenceCount: 0, asked: [{ fits: true }] })
}, 60_000)
