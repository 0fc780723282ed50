import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cacheFolder } from '../harness/folders.js'
import { startMachine, type Accelerator, type Machine } from './qemu.js'

export interface AcceleratorChoice {
  readonly accelerator: Accelerator
  /** Why, for the result and the person: "a probe guest answered in 1.2 s". */
  readonly reason: string
}

const probeLimitMs = 8000

/**
 * KVM if a guest has really spoken under it, else software emulation. /dev/kvm may open, create virtual CPUs and still
 * hang every guest, so nothing short of a probe guest counts. The answer holds until the host boots again.
 */
export async function chooseAccelerator(kernel: string, initramfs: string): Promise<AcceleratorChoice> {
  const known = knownAccelerator()
  if (known !== undefined) return known
  const choice = await probeKvm(kernel, initramfs)
  await mkdir(dirname(memoryFile()), { recursive: true })
  await writeFile(memoryFile(), JSON.stringify(choice))
  return choice
}

/** What is known without booting anything; undefined if a probe guest has to be asked. */
export function knownAccelerator(): AcceleratorChoice | undefined {
  if (!isKvmOpen()) return { accelerator: 'tcg', reason: '/dev/kvm cannot be opened' }
  if (!existsSync(memoryFile())) return undefined
  return JSON.parse(readFileSync(memoryFile(), 'utf8')) as AcceleratorChoice
}

function memoryFile(): string {
  return join(cacheFolder(), 'accelerator', `${bootId()}.json`)
}

function isKvmOpen(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

async function probeKvm(kernel: string, initramfs: string): Promise<AcceleratorChoice> {
  const began = performance.now()
  const answered = await bootProbe(kernel, initramfs, 'kvm', probeLimitMs)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  return answered
    ? { accelerator: 'kvm', reason: `a probe guest answered in ${seconds} s` }
    : { accelerator: 'tcg', reason: `/dev/kvm opens, but a probe guest said nothing within ${seconds} s` }
}

/** Boots a guest that prints one line from its first program; says whether that line came. */
export async function bootProbe(
  kernel: string,
  initramfs: string,
  accelerator: Accelerator,
  limitMs: number,
): Promise<boolean> {
  const spec = { kernel, initramfs, accelerator, cpus: 1, memoryMiB: 512, disks: [], ports: [] }
  const machine = await startMachine({ ...spec, commandLine: 'console=ttyS0 panic=-1 fct.probe' }).catch(
    () => undefined,
  )
  if (machine === undefined) return false
  const limit = new AbortController()
  try {
    return await Promise.race([
      hearsProbe(machine),
      machine.ended.then(() => false),
      machine.panicked.then(() => false),
      delay(limitMs, false, { signal: limit.signal }),
    ])
  } finally {
    limit.abort()
    await machine.stop()
  }
}

async function hearsProbe(machine: Machine): Promise<boolean> {
  let heard = ''
  for await (const chunk of machine.console) {
    heard = (heard + chunk.toString()).slice(-4096)
    if (heard.includes('fct-init: probe answered')) return true
  }
  return false
}
