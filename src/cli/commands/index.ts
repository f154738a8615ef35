// All commands, in the order of --help. The module of a command is loaded when it is asked for, as most of the time that
// a short command takes is the loading of modules.

import type { ListedCommand } from '../command.ts'

export const commands: readonly ListedCommand[] = [
  {
    name: 'start',
    summary: 'run as a daemon: ask on schedule, serve the dashboard over HTTP',
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'sync',
    summary: 'ask once for every active category, and store the answers',
    load: async () => (await import('./sync.ts')).sync,
  },
  {
    name: 'status',
    summary: 'show the last run, freshness, failures, storage and the next tick',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'trends',
    summary: 'show growth by hour, day, week or month',
    load: async () => (await import('./trends.ts')).trends,
  },
  {
    name: 'migrate',
    summary: 'create the schema, or bring it to this version',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'category',
    summary: 'list, add, pause, resume or remove categories',
    load: async () => (await import('./category.ts')).category,
  },
  {
    name: 'import',
    summary: 'import history from NDJSON or CSV files',
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'export',
    summary: 'write all snapshots and decisions as NDJSON or CSV, for import',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'verify',
    summary: 'derive everything again, compare it with what is stored, and prove that all sums agree',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'rebuild',
    summary: 'derive deltas and trends anew, where wanted for another reporting zone',
    load: async () => (await import('./rebuild.ts')).rebuild,
  },
  {
    name: 'reclassify',
    summary: 'decide what the change at one snapshot is, and derive its series anew',
    load: async () => (await import('./reclassify.ts')).reclassify,
  },
  {
    name: 'rejudge',
    summary: 'read rejected answers again, and store what is valid by now',
    load: async () => (await import('./rejudge.ts')).rejudge,
  },
  {
    name: 'demo',
    summary: 'take demo data out of a database that holds them beside others',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'grant',
    summary: 'let a database role read schemas sms and sync, and nothing else',
    load: async () => (await import('./grant.ts')).grant,
  },
  {
    name: 'doctor',
    summary: 'check settings, API, clock, database, spool and disk, and say what to do',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'sandbox',
    summary: "play the provider's API, for trying and testing",
    load: async () => (await import('./sandbox.ts')).sandbox,
  },
]
