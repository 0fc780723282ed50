import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Qmp } from '../../../vms/qmp.js'
import { findVmcoreInfo, type VmcoreInfo } from './vmcoreinfo.js'

/** Reads a kernel's memory; addresses are its own. */
export type ReadMemory = (address: bigint, bytes: number) => Promise<Buffer>

/** A part of memory that is contiguous both ways. */
interface Extent {
  readonly physical: bigint
  readonly bytes: bigint
}

/**
 * What the kernel of a machine that stands still has told QEMU of itself.
 *
 * @param into A folder for files that are gone afterwards.
 */
export async function readVmcoreInfo(monitor: Qmp, into: string): Promise<VmcoreInfo | undefined> {
  const path = join(into, 'head')
  // The least that QEMU dumps: what is wanted of it are the notes.
  const least = { begin: 0, length: 4096 }
  try {
    await monitor.execute('dump-guest-memory', {
      ...{ paging: false, protocol: `file:${path}`, format: 'elf' },
      ...least,
    })
    return findVmcoreInfo(await readFile(path))
  } finally {
    await rm(path, { force: true })
  }
}

/** Memory of a machine that stands still, as its kernel sees it. */
export function createReader(monitor: Qmp, info: VmcoreInfo, into: string): ReadMemory {
  const path = join(into, 'piece')
  const readPhysical = async (address: bigint, size: number): Promise<Buffer> => {
    try {
      await monitor.execute('pmemsave', { val: Number(address), size, filename: path })
      return await readFile(path)
    } finally {
      await rm(path, { force: true })
    }
  }
  const find = extentFinder(info, readPhysical)
  return async (address, bytes) => {
    const pieces: Buffer[] = []
    for (let done = 0; done < bytes;) {
      const extent = await find(address + BigInt(done))
      const size = Math.min(bytes - done, Number(extent.bytes))
      pieces.push(await readPhysical(extent.physical, size))
      done += size
    }
    return Buffer.concat(pieces)
  }
}

/** arch/x86/include/asm/page_64_types.h: the kernel's image is mapped here as a whole, of at most 1 GiB. */
const imageMap = 0xffffffff80000000n
const imageBytes = 1n << 30n

const tableBytes = 4096
const present = 1n
const large = 1n << 7n
const addressBits = 0x000ffffffffff000n

/** arch/x86/mm: where the kernel's page tables lead; its image is found without them. */
function extentFinder(info: VmcoreInfo, readPhysical: ReadMemory): (address: bigint) => Promise<Extent> {
  const base = info.number('phys_base')
  const levels = info.number('pgtable_l5_enabled') === 1n ? 5 : 4
  const tables = new Map<bigint, Buffer>()
  const tableAt = async (address: bigint): Promise<Buffer> => {
    const table = tables.get(address) ?? (await readPhysical(address, tableBytes))
    tables.set(address, table)
    return table
  }
  return async (address) => {
    if (address >= imageMap && address < imageMap + imageBytes)
      return { physical: address - imageMap + base, bytes: imageMap + imageBytes - address }
    let table = info.symbol('init_top_pgt') - imageMap + base
    for (let level = levels; ; level--) {
      const shift = BigInt(12 + 9 * (level - 1))
      const slot = 8 * Number((address >> shift) & 511n)
      const entry = (await tableAt(table)).readBigUInt64LE(slot)
      if ((entry & present) === 0n) throw new Error(`nothing is mapped at 0x${address.toString(16)}`)
      const inside = address & ((1n << shift) - 1n)
      if (level === 1 || (level <= 3 && (entry & large) !== 0n)) {
        const page = entry & addressBits & ~((1n << shift) - 1n)
        return { physical: page + inside, bytes: (1n << shift) - inside }
      }
      table = entry & addressBits
    }
  }
}
