// All commands, in the order of --help.

import type { CommandModule } from '../command.ts'
import { sandbox } from './sandbox.ts'

export const commands: readonly CommandModule[] = [sandbox]
