import type { Check } from './check.js'
import { accelerator } from './checks/accelerator.js'
import { addon } from './checks/addon.js'
import { built } from './checks/built.js'
import { disk } from './checks/disk.js'
import { extras } from './checks/extras.js'
import { history } from './checks/history.js'
import { leftovers } from './checks/leftovers.js'
import { memory } from './checks/memory.js'
import { mirrors } from './checks/mirrors.js'
import { node } from './checks/node.js'
import { packages } from './checks/packages.js'
import { privilege } from './checks/privilege.js'
import { qemu } from './checks/qemu.js'
import { tracefs } from './checks/tracefs.js'

/** In the order in which they are told. */
export const checkSet: readonly Check[] = [
  ...[node, privilege, packages, built, addon],
  ...[qemu, accelerator, memory, disk, mirrors],
  ...[tracefs, history, leftovers, extras],
]
