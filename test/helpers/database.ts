// Databases for single test files or tests, copied from the migrated template of the run.

import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { asAdmin, urlOf } from './test-server.ts'

export interface TestDatabase {
  /** As the owner of the database, who is not a superuser. */
  url: string
  /** As the administrator of the server. */
  adminUrl: string
  /** Drops the database, also if there are connections. */
  drop(): Promise<void>
}

/** Takes milliseconds. The database has all schemas, and no rows. `ending`: of its name. */
export async function createTestDatabase(ending = ''): Promise<TestDatabase> {
  const { adminUrl, owner, ownerPassword, template } = inject('testServer')
  const name = `${uniqueName()}${ending}`
  await asAdmin(adminUrl, (admin) =>
    admin.query(`create database ${name} template ${template} owner ${owner}`),
  )
  return {
    url: urlOf(adminUrl, name, { name: owner, password: ownerPassword }),
    adminUrl: urlOf(adminUrl, name),
    drop: () =>
      asAdmin(
        adminUrl,
        async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`)),
      ),
  }
}

/** Returns a name for a database or a role that is removed at the end of the run. Databases of a server share roles. */
export function uniqueName(): string {
  return `${inject('testServer').prefix}_${randomBytes(6).toString('hex')}`
}
