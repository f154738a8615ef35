// All commands, in the order of --help.

import type { CommandModule } from '../command.ts'
import { category } from './category.ts'
import { migrate } from './migrate.ts'
import { sandbox } from './sandbox.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { sync } from './sync.ts'

export const commands: readonly CommandModule[] = [start, sync, status, migrate, category, sandbox]
