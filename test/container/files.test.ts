// What the container files promise, read without an engine: nothing runs as root, and nothing can be changed but data.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')
const { services } = parse(read('docker-compose.yml'))

test('primosync has a read-only root file system, no capability, and no way to more rights', () => {
  const { read_only, tmpfs, cap_drop, security_opt, volumes, ...rest } = services.primosync
  expect({ read_only, tmpfs, cap_drop, security_opt, volumes }).toEqual({
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    volumes: ['data:/data'],
    security_opt: ['no-new-privileges:true'],
  })
  for (const name of ['privileged', 'cap_add', 'user', 'pid', 'network_mode'])
    expect(rest).not.toHaveProperty(name)
})

test('PostgreSQL keeps its data in a volume', () => {
  // From 18 on the image keeps a folder for each major version below this one; one mounted elsewhere stays empty.
  expect(services.postgres).toMatchObject({
    image: 'postgres:18-alpine',
    volumes: ['database:/var/lib/postgresql'],
  })
})

test('both are reached from this machine only', () => {
  const ports = Object.values<{ ports: string[] }>(services).flatMap((service) => service.ports)
  expect(ports).toHaveLength(2)
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
})

test('the image runs as an ordinary user, who owns the data folder only', () => {
  const lines = read('Dockerfile').split('\n')
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  const users = last.filter((line) => line.startsWith('USER '))
  expect(users).toEqual(['USER node'])
  expect(last.indexOf('USER node')).toBeLessThan(last.findIndex((line) => line.startsWith('ENTRYPOINT ')))
  expect(last.filter((line) => /--owner|--chown|chown/.test(line))).toEqual([
    'RUN install --directory --owner=node --group=node --mode=0700 /data',
  ])
})
