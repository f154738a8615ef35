// Faults of the storing side that no list of errors foresees: any SQLSTATE at any step of a run, foreign settings, a
// schema that is away, a record that is refused, outputs that nobody takes.
import { utimesSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from '../world.ts'
import { AWAY, type Fault, lasting, listeningTo } from './fault.ts'

const CODES =
  '0A000 22003 22P05 23505 23514 25P02 3D000 3F000 40001 42501 42703 42883 42P01 53100 54000 55000 57014 58030 P0001 XX000 XX001'.split(
    ' ',
  )
const TABLES = ['store.lease', 'store.run', 'store.account', 'store.snapshot', 'store.walk']
const SETTINGS = [
  "datestyle = 'German'",
  "datestyle = 'SQL, DMY'",
  "intervalstyle = 'sql_standard'",
  "search_path = 'nowhere'",
  'array_nulls = off',
  'extra_float_digits = -15',
  "timezone = 'Pacific/Chatham'",
  "default_transaction_isolation = 'serializable'",
  'statement_timeout = 2',
  "client_encoding = 'LATIN1'",
  'standard_conforming_strings = off',
  'synchronous_commit = off',
]

const raising = (
  table: string,
  code: string,
) => `create or replace function public.fault() returns trigger language plpgsql as
  $$ begin raise 'a fault' using errcode = '${code}'; end $$;
  create or replace trigger fault before insert or update on ${table} for each statement execute function public.fault()`

export const STORING: readonly Fault[] = [
  {
    name: 'storing: any SQLSTATE at any step',
    async inject(world) {
      const says = listeningTo(await world.daemon())
      const [table, code] = [world.dice.pick(TABLES), world.dice.pick(CODES)]
      await world.cluster.admin(raising(table, code))
      await lasting(world, world.dice.between(500, 2_500), () => says(AWAY))
      await world.cluster.admin(`drop trigger fault on ${table}`)
    },
  },
  {
    name: 'storing: a schema away for a while',
    async inject(world) {
      const says = listeningTo(await world.daemon())
      await world.cluster.admin('alter schema store rename to elsewhere')
      await lasting(world, world.dice.between(500, 3_000), () => says(AWAY))
      await world.cluster.admin('alter schema elsewhere rename to store')
    },
  },
  {
    name: 'storing: foreign settings of role and database',
    async inject(world) {
      const { cluster, dice } = world
      const whose = dice.pick(['role primosync', 'database primosync'])
      const setting = dice.pick(SETTINGS)
      await cluster.admin(`alter ${whose} set ${setting}`)
      await cluster.admin(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'primosync'",
      )
      await world.recover(`alter ${whose} set ${setting}`)
      await cluster.admin(`alter ${whose} reset all`)
    },
  },
  {
    name: 'storing: a category that is refused',
    async inject(world) {
      const program = await world.daemon()
      const says = listeningTo(program)
      await world.cluster.admin(`${raising('store.snapshot', world.dice.pick(CODES.filter((code) => !/^(08|25|3D|40|42501|53|55|57|58)/.test(code))))};
        drop trigger fault on store.snapshot;
        do $$ begin execute format('create trigger fault before insert on store.snapshot for each row when (new.category_id = %s) execute function public.fault()',
          (select min(id) from store.category)); end $$`)
      await lasting(world, world.dice.between(500, 2_500), () => says(/are set aside/))
      await world.cluster.admin('drop trigger fault on store.snapshot')
      await age(world)
    },
  },
]

/** The records that were refused are tried again as if an hour had passed. */
async function age(world: World): Promise<void> {
  const folder = join(world.folder('main'), 'spool/refused')
  for (const file of await readdir(folder).catch(() => []))
    utimesSync(join(folder, file), new Date(0), new Date(0))
}
