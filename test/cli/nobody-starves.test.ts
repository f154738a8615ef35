// Twelve sick categories at the head or the end of the settings, and eight healthy ones: each run stores the eight.
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { install } from '../helpers/installation.ts'
import { rowsOf } from '../helpers/tick.ts'
import { answer } from '../primotexto/provider.ts'

const HEALTHY = [...Array(8).keys()].map((n) => `healthy ${n}`)
const SICK = [...Array(12).keys()].map((n) => `sick ${n}`)

const SICK_FIRST = [...SICK, ...HEALTHY].join(',')
const SICK_LAST = [...HEALTHY, ...SICK].join(',')

type Respond = (response: ServerResponse) => void
const responding =
  (status: number, body = ''): Respond =>
  (response) =>
    answer(response, status, body)

const hanging: Respond = () => {}

/** Case, how the sick ones are answered, and the class of their failure; null: they are empty. */
const CASES: [string, Respond, string | null][] = [
  ['200 with code 16', responding(200, '{"code":16,"message":"x"}'), null],
  ['404 with code 16', responding(404, '{"code":16,"message":"x"}'), null],
  ['200 with code 74', responding(200, '{"code":74,"message":"x"}'), 'request'],
  ['401 with code 21', responding(401, '{"code":21,"message":"x"}'), 'request'],
  ['200 with a page', responding(200, '<!doctype html><html></html>'), 'server'],
  ['500 with code 1000', responding(500, '{"code":1000,"message":"Unknown error"}'), 'server'],
  ['503 without a body', responding(503), 'server'],
  ['204', (response) => void response.writeHead(204).end(), 'server'],
  ['a broken connection', (response) => void response.destroy(), 'network'],
  ['no answer', hanging, 'network'],
]

async function installSick(categories: string, respond: Respond) {
  const installation = await install(categories)
  installation.provider.respond((category, response, give) =>
    category.startsWith('sick') ? respond(response) : give(),
  )
  return installation
}

async function expectHealthyStored(categories: string, respond: Respond, failureClass: string | null) {
  const { run, provider, witness } = await installSick(categories, respond)
  for (const runs of [1, 2]) {
    const before = provider.asked.length
    await run(['sync'], { LOG_LEVEL: 'info', ...(respond === hanging ? { SYNC_TIMEOUT: '1 s' } : {}) })
    const stored = await rowsOf(
      witness,
      `select category from sms.snapshots where category like 'healthy%' group by 1 having count(*) = ${runs}`,
    )
    expect(stored).toHaveLength(HEALTHY.length)
    if (runs === 2)
      expect(new Set(provider.asked.slice(before, before + HEALTHY.length))).toEqual(new Set(HEALTHY))
  }
  const failures = await rowsOf(witness, 'select distinct class from sync.failures')
  expect(failures).toEqual(failureClass === null ? [] : [{ class: failureClass }])
  const empty = await rowsOf(witness, "select category from sms.categories where note = 'empty'")
  expect(empty).toHaveLength(failureClass === null ? SICK.length : 0)
}

test.each(CASES)('twelve of twenty, at the head of the settings, get %s', (_what, respond, failureClass) =>
  expectHealthyStored(SICK_FIRST, respond, failureClass),
)

test('twelve of twenty stand at the end of the settings', () =>
  expectHealthyStored(SICK_LAST, responding(503), 'server'))

test('the first campaign of a category that was empty counts as growth; "no message" is a failure from then on', async () => {
  const { run, provider, witness } = await install('new')
  const noMessage: Respond = responding(200, '{"code":16,"message":"No message"}')
  provider.respond((_, response) => noMessage(response))
  await run(['sync'])
  for (const command of [['status'], ['category', 'list'], ['doctor']]) {
    const { stdout } = await run(command)
    expect(stdout).toMatch(/empty/)
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'has never had a message. If it should have some, check its spelling',
    )
  }
  provider.respond((_, response) => answer(response, 200, '{"sent":500}'))
  await run(['sync'])
  expect(await rowsOf(witness, 'select note from sms.categories')).toEqual([{ note: null }])
  provider.respond((_, response) => noMessage(response))
  expect(await run(['sync'])).toMatchObject({ code: 1 })
  expect(await rowsOf(witness, 'select sent::int, kind from sms.deltas')).toEqual([
    { sent: 500, kind: 'growth' },
  ])
  expect(
    await rowsOf(witness, 'select class, api_code, attempts from sync.failures where category is not null'),
  ).toEqual([{ class: 'category', api_code: 16, attempts: 1 }])
})

test('what is known of the categories is remembered while the database is away', async () => {
  const { run, provider, proxy } = await installSick(SICK_FIRST, responding(503))
  await run(['sync'])
  proxy.cut()
  const before = provider.asked.length
  await run(['sync'])
  expect(new Set(provider.asked.slice(before, before + HEALTHY.length))).toEqual(new Set(HEALTHY))
  expect(provider.asked).toHaveLength(before + 20 + 1) // the account itself, last
})
