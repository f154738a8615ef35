// A database of its own for a test file or a test, copied from the run's migrated template.

import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { asAdmin, urlOf } from './test-server.ts'

export interface TestDatabase {
  /** As the owner of the database, who is no superuser. */
  url: string
  /** As the administrator of the server. */
  adminUrl: string
  /** Cuts off whoever is still connected. */
  drop(): Promise<void>
}

/** Made in milliseconds: all schemas are there, and no rows. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, owner, ownerPassword, template } = inject('testServer')
  const name = uniqueName()
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

/** The name of a database or of a role, which all databases of a server share; removed when the run ends. */
export function uniqueName(): string {
  return `${inject('testServer').prefix}_${randomBytes(6).toString('hex')}`
}
