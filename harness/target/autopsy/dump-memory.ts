import { createReadStream } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { Qmp } from '../../../vms/qmp.js'
import type { ReadMemory } from './guest-memory.js'
import type { VmcoreInfo } from './vmcoreinfo.js'

/** makedumpfile's IMPLEMENTATION, "The flattened format": a header, then pieces with the place where each belongs. */
const headerBytes = 4096
const pieceHeadBytes = 16
const signature = 'makedumpfile'

/** struct disk_dump_header, and struct kdump_sub_header one block behind it. */
const at = { names: 12, blockSize: 428, physicalBase: 0 }

/** struct new_utsname (include/uapi/linux/utsname.h). */
const namesBytes = 6 * 65
/** In front of it in struct uts_namespace, up to 5.10. */
const countBytes = 4

/** What a dump's header says of the kernel that QEMU does not know, or has wrong. */
export interface KernelFacts {
  readonly physicalBase: bigint
  /** struct new_utsname */
  readonly names: Buffer
}

export async function readKernelFacts(info: VmcoreInfo, read: ReadMemory): Promise<KernelFacts> {
  const space = await read(info.symbol('init_uts_ns'), countBytes + namesBytes)
  const names = space.subarray(space.indexOf('Linux\0'))
  if (names.length < namesBytes) throw new Error('the kernel does not tell its name')
  return { physicalBase: info.number('phys_base'), names: names.subarray(0, namesBytes) }
}

/**
 * All memory of a machine, as makedumpfile writes it, for crash and drgn. QEMU writes it in the form that can go through a
 * pipe, takes the decimal number of where the kernel was loaded for a hexadecimal one (7.2: dump/dump.c, dump_init()), and leaves
 * out what the kernel calls itself, without which drgn takes it for no dump.
 *
 * @param path The file that is made.
 */
export async function dumpMemory(
  monitor: Qmp,
  facts: KernelFacts | undefined,
  path: string,
): Promise<undefined> {
  const flat = `${path}.flat`
  const how = { paging: false, protocol: `file:${flat}`, format: 'kdump-zlib' } as const
  try {
    await monitor.execute('dump-guest-memory', how)
    const file = await open(path, 'w+', 0o600)
    try {
      await writePieces(createReadStream(flat, { highWaterMark: 1 << 20 }), file)
      if (facts !== undefined) await correctHeader(file, facts)
    } finally {
      await file.close()
    }
  } finally {
    await rm(flat, { force: true })
  }
}

async function correctHeader(file: FileHandle, { physicalBase, names }: KernelFacts): Promise<void> {
  await file.write(names, 0, names.length, at.names)
  const word = Buffer.alloc(8)
  await file.read(word, 0, 4, at.blockSize)
  const subHeader = word.readUInt32LE()
  word.writeBigInt64LE(physicalBase)
  await file.write(word, 0, word.length, subHeader + at.physicalBase)
}

async function writePieces(flat: AsyncIterable<Buffer>, file: FileHandle): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  let isBegun = false
  for await (const chunk of flat) {
    rest = Buffer.concat([rest, chunk])
    if (!isBegun) {
      if (rest.length < headerBytes) continue
      if (rest.toString('latin1', 0, signature.length) !== signature)
        throw new Error('it is no flattened dump')
      isBegun = true
      rest = rest.subarray(headerBytes)
    }
    while (rest.length >= pieceHeadBytes) {
      const place = Number(rest.readBigInt64BE(0))
      if (place < 0) return
      const end = pieceHeadBytes + Number(rest.readBigInt64BE(8))
      if (rest.length < end) break
      await file.write(rest, pieceHeadBytes, end - pieceHeadBytes, place)
      rest = rest.subarray(end)
    }
  }
  throw new Error('the dump has no end')
}
