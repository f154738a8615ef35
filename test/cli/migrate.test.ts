// primosync migrate: the schema from the command line, on an empty database.
import { expect, inject, onTestFinished, test } from 'vitest'
import { uniqueName } from '../helpers/database.ts'
import { install } from '../helpers/installation.ts'
import { asAdmin, urlOf } from '../helpers/test-server.ts'

async function emptyDatabase(): Promise<string> {
  const { adminUrl, owner, ownerPassword } = inject('testServer')
  const name = uniqueName()
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} owner ${owner} template template0`))
  onTestFinished(() =>
    asAdmin(adminUrl, async (admin) => void (await admin.query(`drop database ${name} with (force)`))),
  )
  return urlOf(adminUrl, name, { name: owner, password: ownerPassword })
}

test('migrate says what it ran, and --status what has run and what has not', async () => {
  const { run } = await install()
  const env = { DATABASE_URL: await emptyDatabase() }
  expect(await run(['migrate', '--status'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/0001_store +not yet/),
  })
  const ran = await run(['migrate'], env)
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Migrated: 0001_store, .*views\./) })
  expect(await run(['migrate'], env)).toMatchObject({ code: 0, stdout: 'The schema is up to date.\n' })
  const status = JSON.parse((await run(['migrate', '--status', '--json'], env)).stdout)
  expect(status[0]).toEqual({ name: '0001_store', executed_at: expect.stringMatching(/^\d{4}-/) })
})

test('several at once on an empty database: one migrates, all do their work', async () => {
  const { run, provider } = await install()
  const env = { DATABASE_URL: await emptyDatabase() }
  const results = await Promise.all([run(['sync'], env), run(['sync'], env), run(['migrate'], env)])
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(provider.served).toHaveLength(8) // three categories and the account, twice
})

test('a schema newer than the program is refused, with what to do', async () => {
  const { run, witness, provider } = await install()
  await witness.pool.query(
    `insert into store_migrations.migration (name, timestamp) values ('9999_later', now()::text)`,
  )
  await witness.pool.query(
    `insert into store.program (version, migrated_at) values ('9.8.7', now() + interval '1 second')`,
  )
  for (const [command, exitCode] of [
    ['migrate', 1],
    ['sync', 4], // asks all the same, and keeps what it gets
  ] as const) {
    const { code, stderr } = await run([command])
    expect(code).toBe(exitCode)
    expect(stderr).toContain('newer schema (9999_later)')
    expect(stderr).toContain('Use primosync 9.8.7 or a newer one')
  }
  expect(provider.served).toHaveLength(4) // three categories and the account
})
