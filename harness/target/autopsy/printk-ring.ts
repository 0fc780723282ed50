import type { ReadMemory } from './guest-memory.js'
import type { VmcoreInfo } from './vmcoreinfo.js'

/** kernel/printk/printk_ringbuffer.h, `enum desc_state`: what a record's two highest bits say. */
const committed = 1n
const finalized = 2n
const stateShift = 62n
const idBits = (1n << stateShift) - 1n

/** The ring as it lies in memory: Documentation in kernel/printk/printk_ringbuffer.c; the layout is VMCOREINFO's. */
interface Ring {
  readonly descriptors: Buffer
  readonly infos: Buffer
  readonly text: Buffer
  readonly countBits: bigint
  readonly sizeBits: bigint
  readonly tail: bigint
  readonly head: bigint
}

/**
 * What the kernel has printed and its ring still has, oldest first, as `dmesg` shows it.
 *
 * @throws Error for kernels before 5.10, whose ring is another, and for memory that makes no sense
 */
export async function readPrintkRing(info: VmcoreInfo, read: ReadMemory): Promise<string[]> {
  const ring = await readRing(info, read)
  const lines: string[] = []
  for (let id = ring.tail; ; id = (id + 1n) & idBits) {
    lines.push(...linesOf(ring, info, id))
    if (id === ring.head) return lines
  }
}

async function readRing(info: VmcoreInfo, read: ReadMemory): Promise<Ring> {
  const address = (await read(info.symbol('prb'), 8)).readBigUInt64LE()
  const prb = await read(address, info.size('printk_ringbuffer'))
  const ring = prb.subarray(info.offset('printk_ringbuffer.desc_ring'))
  const data = prb.subarray(info.offset('printk_ringbuffer.text_data_ring'))
  const countBits = ring.readUInt32LE(info.offset('prb_desc_ring.count_bits'))
  const sizeBits = data.readUInt32LE(info.offset('prb_data_ring.size_bits'))
  if (countBits > 24 || sizeBits > 30) throw new Error('the ring of messages is damaged')
  const pointer = (of: Buffer, member: string): bigint => of.readBigUInt64LE(info.offset(member))
  const counter = info.offset('atomic_long_t.counter')
  const count = 2 ** countBits
  return {
    descriptors: await read(pointer(ring, 'prb_desc_ring.descs'), count * info.size('prb_desc')),
    infos: await read(pointer(ring, 'prb_desc_ring.infos'), count * info.size('printk_info')),
    text: await read(pointer(data, 'prb_data_ring.data'), 2 ** sizeBits),
    countBits: BigInt(countBits),
    sizeBits: BigInt(sizeBits),
    tail: ring.readBigUInt64LE(info.offset('prb_desc_ring.tail_id') + counter),
    head: ring.readBigUInt64LE(info.offset('prb_desc_ring.head_id') + counter),
  }
}

/** None of a record that is not written yet. */
function linesOf(ring: Ring, info: VmcoreInfo, id: bigint): string[] {
  const index = Number(id & ((1n << ring.countBits) - 1n))
  const descriptor = ring.descriptors.subarray(index * info.size('prb_desc'))
  const counter = info.offset('atomic_long_t.counter')
  const state = descriptor.readBigUInt64LE(info.offset('prb_desc.state_var') + counter)
  const isWritten = [committed, finalized].includes(state >> stateShift) && (state & idBits) === id
  if (!isWritten) return []
  const about = ring.infos.subarray(index * info.size('printk_info'))
  const position = descriptor.subarray(info.offset('prb_desc.text_blk_lpos'))
  const text = textOf(ring, {
    begin: position.readBigUInt64LE(info.offset('prb_data_blk_lpos.begin')),
    next: position.readBigUInt64LE(info.offset('prb_data_blk_lpos.next')),
    bytes: about.readUInt16LE(info.offset('printk_info.text_len')),
  })
  const stamp = formatStamp(about.readBigUInt64LE(info.offset('printk_info.ts_nsec')))
  return text.split('\n').map((line) => `${stamp} ${line}`)
}

/** What is said before the text itself: the record's id. */
const blockHead = 8

/** A block that does not fit in before the ring's end stands at its beginning. One that has no text has an odd position. */
function textOf(
  { text, sizeBits }: Ring,
  { begin, next, bytes }: { begin: bigint; next: bigint; bytes: number },
): string {
  if ((begin & 1n) === 1n) return ''
  const inRing = (position: bigint): number => Number(position & ((1n << sizeBits) - 1n))
  const isWrapped = begin >> sizeBits !== (next - 1n) >> sizeBits
  const from = (isWrapped ? 0 : inRing(begin)) + blockHead
  return text.toString('utf8', from, from + bytes)
}

/** kernel/printk/printk.c: print_time() */
function formatStamp(nanoseconds: bigint): string {
  const seconds = (nanoseconds / 1_000_000_000n).toString().padStart(5)
  const micros = ((nanoseconds / 1000n) % 1_000_000n).toString().padStart(6, '0')
  return `[${seconds}.${micros}]`
}
