// /readyz names what is wrong.
import { expect, test } from 'vitest'
import type { Readiness } from '../../src/serve/health.ts'
import { openStage } from '../helpers/tick.ts'
import { appOf } from './app.ts'

async function readyz(app: Awaited<ReturnType<typeof appOf>>) {
  const response = await app.request('http://localhost/readyz')
  return { status: response.status, body: (await response.json()) as Readiness }
}

test('ready: the database, its schema, the lease and the spool are as they should be', async () => {
  const stage = await openStage({ categories: ['a'] })
  const mine = await appOf(stage.deps.warehouse, { spool: stage.spool, holder: stage.deps.holder })
  const others = await appOf(stage.deps.warehouse, { spool: stage.spool, holder: 'another' })
  expect(await readyz(mine)).toEqual({
    status: 200,
    body: {
      ready: true,
      checks: {
        database: { ok: true, message: 'reachable' },
        schema: { ok: true, message: 'current' },
        lease: { ok: true, message: 'free, as no tick is under way' },
        spool: { ok: true, message: 'empty' },
      },
    },
  })
  const during: unknown[] = []
  stage.provider.respond(async (_category, _response, give) => {
    for (const app of [mine, others]) during.push((await readyz(app)).body.checks.lease!.message)
    give()
  })
  await stage.tick()
  expect(during).toEqual(['held by this process', 'held by a test; this process stands by'])
})

test('not ready: what is wrong is named, and only that', async () => {
  const stage = await openStage({ categories: ['a'], spoolLimitBytes: 1 })
  stage.proxy.cut()
  await expect(stage.tick()).rejects.toThrow('The spool is full')
  stage.proxy.restore()
  const app = await appOf(stage.deps.warehouse, { spool: stage.spool, isPrepared: () => false })
  const { status, body } = await readyz(app)
  expect(status).toBe(503)
  expect(body).toMatchObject({
    ready: false,
    checks: {
      database: { ok: true },
      lease: { ok: true },
      schema: { ok: false, message: expect.stringContaining('not prepared yet') },
      spool: { ok: false, message: expect.stringContaining('The spool is full') },
    },
  })
  stage.proxy.cut()
  expect((await readyz(app)).body.checks).toMatchObject({ database: { ok: false }, lease: { ok: false } })
})
