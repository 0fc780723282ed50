import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Qmp } from '../../../vms/qmp.js'
import { messageOf } from '../../fct-error.js'
import { within } from '../deadline.js'
import { dumpMemory, readKernelFacts, type KernelFacts } from './dump-memory.js'
import type { NoRingMap, RingMap } from '../../agent/protocol.js'
import type { CpuRemains } from '../../store/trace-remains.js'
import { createReader, readVmcoreInfo, type ReadMemory } from './guest-memory.js'
import { readPrintkRing } from './printk-ring.js'
import { readTraceRing, type RingShape } from './trace-ring.js'
import type { VmcoreInfo } from './vmcoreinfo.js'

/** What a machine was made to tell that does not talk any more. */
export interface Autopsy {
  /** Names of what is in the folder: `registers.txt`, `dmesg.txt`, `vmcore`. */
  readonly files: readonly string[]
  /** What could not be had, and why. */
  readonly missing: readonly string[]
  /** What the trace's ring buffers still held; missing if it was not asked for, or could not be had. */
  readonly trace?: readonly CpuRemains[]
}

export interface AutopsyWishes {
  /** Also all of the machine's memory, compressed: as makedumpfile writes it, for crash and drgn. */
  readonly vmcore: boolean
  /** Also the last events of the trace. The machine then does not go on: it would give them away once more. */
  readonly trace?: TraceWish | undefined
}

export interface TraceWish extends RingShape {
  readonly ring: RingMap | NoRingMap
}

/** As `missing` calls what `trace` is. */
export const lastEvents = 'last events of the trace'

/** How long one thing may take, ms; a dump compresses all memory. */
const limitMs = 60_000
const dumpLimitMs = 300_000

/**
 * Looks at a machine from outside. It stands still meanwhile.
 *
 * @param into A folder, which is made.
 * @returns never rejects: what could not be had is `missing`
 */
export async function examine(
  monitor: Qmp,
  into: string,
  { vmcore, trace }: AutopsyWishes,
): Promise<Autopsy> {
  const files: string[] = []
  const missing: string[] = []
  const attempt = async <T>(what: string, ms: number, take: () => Promise<T>): Promise<T | undefined> => {
    try {
      const late = (): Error => new Error(`QEMU did not answer within ${String(ms / 1000)} s`)
      return await within(take(), ms, late)
    } catch (error) {
      missing.push(`${what}: ${messageOf(error)}`)
      await rm(join(into, what), { force: true }).catch(() => undefined)
      return undefined
    }
  }
  const keep = (name: string, ms: number, take: () => Promise<string | undefined>): Promise<void> =>
    attempt(name, ms, async () => {
      const text = await take()
      if (text !== undefined) await writeFile(join(into, name), text)
      files.push(name)
    })
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
  await keep('registers.txt', limitMs, () =>
    monitor.execute('human-monitor-command', { 'command-line': 'info registers -a' }),
  )
  let info: VmcoreInfo | undefined
  const withMemory = <T>(use: (info: VmcoreInfo, read: ReadMemory) => Promise<T>): Promise<T> =>
    inScratch(into, async (scratch) => {
      info ??= await readVmcoreInfo(monitor, scratch)
      if (info === undefined) throw new Error('the kernel did not tell QEMU where it has them (qemu_fw_cfg)')
      return use(info, createReader(monitor, info, scratch))
    })
  await keep('dmesg.txt', limitMs, () => withMemory(readMessages))
  const remains = trace && (await attempt(lastEvents, limitMs, () => readLastEvents(trace, withMemory)))
  // A dump of a kernel that does not tell is better than none.
  const facts = (): Promise<KernelFacts | undefined> => withMemory(readKernelFacts).catch(() => undefined)
  if (vmcore)
    await keep('vmcore', dumpLimitMs, async () => dumpMemory(monitor, await facts(), join(into, 'vmcore')))
  if (wasRunning && trace === undefined) await monitor.execute('cont').catch(() => undefined)
  return { files, missing, ...(remains && { trace: remains }) }
}

async function readMessages(info: VmcoreInfo, read: ReadMemory): Promise<string> {
  const lines = await readPrintkRing(info, read)
  return lines.map((line) => `${line}\n`).join('')
}

async function readLastEvents(
  { ring, ...shape }: TraceWish,
  withMemory: (use: (info: VmcoreInfo, read: ReadMemory) => Promise<CpuRemains[]>) => Promise<CpuRemains[]>,
): Promise<CpuRemains[]> {
  if ('reason' in ring) throw new Error(ring.reason)
  return withMemory((_, read) => readTraceRing(ring, shape, read))
}

async function inScratch<T>(into: string, use: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(into, 'memory-'))
  try {
    return await use(scratch)
  } finally {
    await rm(scratch, { recursive: true })
  }
}
