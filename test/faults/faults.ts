// All faults: what each one breaks, and how it is repaired.
import { DATABASE } from './lists/database.ts'
import type { Fault } from './lists/fault.ts'
import { KILLS } from './lists/kills.ts'
import { MACHINE } from './lists/machine.ts'
import { NETWORK } from './lists/network.ts'
import { PROVIDER } from './lists/provider.ts'
import { SEVERAL } from './lists/several.ts'
import { STORING } from './lists/storing.ts'

export const FAULTS: readonly Fault[] = [
  ...KILLS,
  ...DATABASE,
  ...NETWORK,
  ...PROVIDER,
  ...MACHINE,
  ...SEVERAL,
  ...STORING,
]
