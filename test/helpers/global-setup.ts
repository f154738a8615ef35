// Once per run: builds the program, finds a PostgreSQL for the tests and makes the template database; removes everything
// at the end.

import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/warehouse/migrate.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { buildProgram } from './program.ts'
import { asAdmin, openTestServer, type TestServer, urlOf } from './test-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const [server] = await Promise.all([openTestServer(), buildProgram()])
  console.log(`PostgreSQL of the tests: ${server.what}`)
  const prefix = `primosync_test_${randomBytes(4).toString('hex')}`
  const tearDown = async () => {
    try {
      await removeAll(server.adminUrl, prefix)
    } finally {
      await server.stop()
    }
  }
  try {
    project.provide('testServer', await prepare(server.adminUrl, prefix))
  } catch (error) {
    await tearDown()
    throw error
  }
  return tearDown
}

async function prepare(adminUrl: string, prefix: string): Promise<TestServer> {
  const owner = `${prefix}_owner`
  const ownerPassword = randomBytes(12).toString('hex')
  const template = `${prefix}_template`
  await asAdmin(adminUrl, async (admin) => {
    await admin.query(`create role ${owner} login createrole password '${ownerPassword}'`)
    await admin.query(`grant ${owner} to current_user`) // an admin who is not a superuser must be a member
    await admin.query(`create database ${template} owner ${owner} template template0 encoding 'UTF8'`)
  })
  const warehouse = openWarehouse(urlOf(adminUrl, template, { name: owner, password: ownerPassword }))
  try {
    await migrate(warehouse.db)
  } finally {
    await warehouse.close()
  }
  return { adminUrl, owner, ownerPassword, template, prefix }
}

async function removeAll(adminUrl: string, prefix: string): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    const ours = async (catalog: string, name: string) =>
      (
        await admin.query(
          `select quote_ident(${name}) as name from ${catalog} where starts_with(${name}, $1)`,
          [prefix],
        )
      ).rows
    for (const { name } of await ours('pg_database', 'datname'))
      await admin.query(`drop database ${name} with (force)`)
    for (const { name } of await ours('pg_roles', 'rolname')) await admin.query(`drop role ${name}`)
  })
}
