import type { RingMap } from '../../agent/protocol.js'
import type { CpuRemains, RemainingPage } from '../../store/trace-remains.js'
import type { ReadMemory } from './guest-memory.js'

/** kernel/trace/ring_buffer.c: the two lowest bits of a link say whether it leads to the head page, or did a moment ago. */
const flagBits = 3n

export interface RingShape {
  readonly cpus: number
  /** Bytes of a sub-buffer. */
  readonly pageSize: number
}

/**
 * What the ring buffers of a tracing instance hold that nobody has read, as the kernel's own reader would find it
 * (kernel/trace/ring_buffer.c: rb_get_reader_page(), ring_buffer_read_page()).
 *
 * @throws Error if there is no such instance, or the memory makes no sense
 */
export async function readTraceRing(map: RingMap, shape: RingShape, read: ReadMemory): Promise<CpuRemains[]> {
  const memory = new KernelMemory(map, read)
  const array = await findInstance(memory, map)
  const buffer = await memory.pointer(array + memory.at('trace_array.array_buffer', 'array_buffer.buffer'))
  const buffers = await memory.pointer(buffer + memory.at('trace_buffer.buffers'))
  const remains: CpuRemains[] = []
  for (let cpu = 0; cpu < shape.cpus; cpu++) {
    const ring = await memory.pointer(buffers + BigInt(8 * cpu))
    if (ring !== 0n) remains.push({ cpu, ...(await readCpu(memory, ring, shape.pageSize)) })
  }
  return remains
}

/** Reads what structures hold. */
class KernelMemory {
  readonly read: ReadMemory
  readonly #offsets: RingMap['offsets']

  constructor({ offsets }: RingMap, read: ReadMemory) {
    this.#offsets = offsets
    this.read = read
  }

  /** Bytes from the beginning of the first one's structure to the last one. */
  at(...members: readonly string[]): bigint {
    return members.reduce((sum, member) => sum + BigInt(this.#offsets[member] ?? NaN), 0n)
  }

  async pointer(address: bigint): Promise<bigint> {
    return (await this.read(address, 8)).readBigUInt64LE()
  }

  async member(object: bigint, member: string): Promise<bigint> {
    return this.pointer(object + this.at(member))
  }

  async count(object: bigint, member: string): Promise<number> {
    return Number(await this.member(object, member))
  }
}

/** More instances than this, or pages, and a list has no end. */
const mostLinks = 1 << 20

async function findInstance(memory: KernelMemory, { instances, instance }: RingMap): Promise<bigint> {
  const head = BigInt(`0x${instances}`)
  const wanted = Buffer.from(`${instance}\0`)
  let link = await memory.pointer(head)
  for (let seen = 0; link !== head && seen < mostLinks; seen++) {
    const array = link - memory.at('trace_array.list')
    const name = await memory.member(array, 'trace_array.name')
    if (name !== 0n && wanted.equals(await memory.read(name, wanted.length))) return array
    link = await memory.pointer(link)
  }
  throw new Error(`there is no tracing instance ${instance}`)
}

async function readCpu(
  memory: KernelMemory,
  ring: bigint,
  pageSize: number,
): Promise<Omit<CpuRemains, 'cpu'>> {
  const count = (member: string): Promise<number> => memory.count(ring, `ring_buffer_per_cpu.${member}`)
  const reader = await memory.member(ring, 'ring_buffer_per_cpu.reader_page')
  const last = await memory.member(ring, 'ring_buffer_per_cpu.commit_page')
  const begun = await pageAt(memory, reader, pageSize)
  const from = (await memory.read(reader + memory.at('buffer_page.read'), 4)).readUInt32LE()
  // Of a page of which a part was read, events count their time from the last of that part.
  const stamp = from === 0 ? begun.stamp : await memory.member(ring, 'ring_buffer_per_cpu.read_stamp')
  const pages: RemainingPage[] = [
    { stamp, events: begun.events.subarray(from), missed: await count('lost_events') },
  ]
  if (last !== reader) {
    let missed = (await count('overrun')) - (await count('last_overrun'))
    const first = await findHead(memory, await memory.member(ring, 'ring_buffer_per_cpu.head_page'))
    for await (const page of pagesFrom(memory, first, last)) {
      pages.push({ ...(await pageAt(memory, page, pageSize)), missed })
      missed = 0
    }
  }
  return { read: await count('read'), pages: pages.filter(({ events }) => events.length > 0) }
}

/** As rb_set_head_page(): the page to which the link before it says that it is the head. */
async function findHead(memory: KernelMemory, start: bigint): Promise<bigint> {
  const list = memory.at('buffer_page.list')
  for await (const page of pagesFrom(memory, start, undefined)) {
    const before = await memory.pointer(page + list + 8n)
    const link = await memory.pointer(before)
    if ((link & flagBits) !== 0n && (link & ~flagBits) === page + list) return page
  }
  throw new Error('a ring buffer has no first page')
}

/** Pages in their order, up to the last one, or once around. */
async function* pagesFrom(
  memory: KernelMemory,
  first: bigint,
  last: bigint | undefined,
): AsyncGenerator<bigint, void, undefined> {
  const list = memory.at('buffer_page.list')
  let page = first
  for (let seen = 0; seen < mostLinks; seen++) {
    yield page
    if (page === last) return
    page = ((await memory.pointer(page + list)) & ~flagBits) - list
    if (page === first) break
  }
  if (last !== undefined) throw new Error('a ring buffer has no last page')
}

/** Flags of a sub-buffer stand beside its length. */
const lengthBits = 0x07ffffff

async function pageAt(
  memory: KernelMemory,
  page: bigint,
  pageSize: number,
): Promise<Pick<RemainingPage, 'stamp' | 'events'>> {
  const data = await memory.read(await memory.member(page, 'buffer_page.page'), pageSize)
  const commit = Number(memory.at('buffer_data_page.commit'))
  const begin = commit + 8
  const end = begin + (data.readUInt32LE(commit) & lengthBits)
  if (end > pageSize) throw new Error('a page of a ring buffer holds more than it can')
  const stamp = data.readBigUInt64LE(Number(memory.at('buffer_data_page.time_stamp')))
  return { stamp, events: data.subarray(begin, end) }
}
