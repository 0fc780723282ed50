import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Qmp } from '../../../vms/qmp.js'
import { messageOf } from '../../fct-error.js'
import { within } from '../deadline.js'
import { dumpMemory } from './dump-memory.js'
import { createReader, readVmcoreInfo } from './guest-memory.js'
import { readPrintkRing } from './printk-ring.js'
import type { VmcoreInfo } from './vmcoreinfo.js'

/** What a machine was made to tell that does not talk any more. */
export interface Autopsy {
  /** Names of what is in the folder: `registers.txt`, `dmesg.txt`, `vmcore`. */
  readonly files: readonly string[]
  /** What could not be had, and why. */
  readonly missing: readonly string[]
}

export interface AutopsyWishes {
  /** Also all of the machine's memory, compressed: as makedumpfile writes it, for crash and drgn. */
  readonly vmcore: boolean
}

/** How long one thing may take, ms; a dump compresses all memory. */
const limitMs = 60_000
const dumpLimitMs = 300_000

/**
 * Looks at a machine from outside. It stands still meanwhile.
 *
 * @param into A folder, which is made.
 * @returns never rejects: what could not be had is `missing`
 */
export async function examine(monitor: Qmp, into: string, { vmcore }: AutopsyWishes): Promise<Autopsy> {
  const files: string[] = []
  const missing: string[] = []
  const attempt = async (
    what: string,
    ms: number,
    take: () => Promise<string | undefined>,
  ): Promise<void> => {
    try {
      const late = (): Error => new Error(`QEMU did not answer within ${String(ms / 1000)} s`)
      const text = await within(take(), ms, late)
      if (text !== undefined) await writeFile(join(into, what), text)
      files.push(what)
    } catch (error) {
      missing.push(`${what}: ${messageOf(error)}`)
      await rm(join(into, what), { force: true }).catch(() => undefined)
    }
  }
  const halt = async (): Promise<boolean> => {
    await mkdir(into, { recursive: true })
    const { running } = await monitor.execute('query-status')
    if (running) await monitor.execute('stop')
    return running
  }
  let wasRunning: boolean
  try {
    wasRunning = await within(halt(), limitMs, () => new Error('QEMU does not answer'))
  } catch (error) {
    return { files, missing: [`all: ${messageOf(error)}`] }
  }
  await attempt('registers.txt', limitMs, () =>
    monitor.execute('human-monitor-command', { 'command-line': 'info registers -a' }),
  )
  let info: VmcoreInfo | undefined
  await attempt('dmesg.txt', limitMs, async () => {
    info = await inScratch(into, (scratch) => readVmcoreInfo(monitor, scratch))
    if (info === undefined) throw new Error('the kernel did not tell QEMU where it has them (qemu_fw_cfg)')
    return readMessages(monitor, info, into)
  })
  if (vmcore) await attempt('vmcore', dumpLimitMs, () => dumpMemory(monitor, info, join(into, 'vmcore')))
  if (wasRunning) await monitor.execute('cont').catch(() => undefined)
  return { files, missing }
}

async function readMessages(monitor: Qmp, info: VmcoreInfo, into: string): Promise<string> {
  const lines = await inScratch(into, (scratch) => readPrintkRing(info, createReader(monitor, info, scratch)))
  return lines.map((line) => `${line}\n`).join('')
}

async function inScratch<T>(into: string, use: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(into, 'memory-'))
  try {
    return await use(scratch)
  } finally {
    await rm(scratch, { recursive: true })
  }
}
