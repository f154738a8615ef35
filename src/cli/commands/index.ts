// All commands, in the order of --help.

import type { CommandModule } from '../command.ts'
import { category } from './category.ts'
import { doctor } from './doctor.ts'
import { exportCommand } from './export.ts'
import { grant } from './grant.ts'
import { importCommand } from './import.ts'
import { migrate } from './migrate.ts'
import { rebuild } from './rebuild.ts'
import { reclassify } from './reclassify.ts'
import { sandbox } from './sandbox.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { sync } from './sync.ts'
import { trends } from './trends.ts'
import { verify } from './verify.ts'

export const commands: readonly CommandModule[] = [
  start,
  sync,
  status,
  trends,
  migrate,
  category,
  importCommand,
  exportCommand,
  verify,
  rebuild,
  reclassify,
  grant,
  doctor,
  sandbox,
]
