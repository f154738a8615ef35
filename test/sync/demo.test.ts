// The demo's past: loaded whole or not at all, and once.
import { expect, test } from 'vitest'
import { loadDemoHistory } from '../../src/sync/demo.ts'
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
