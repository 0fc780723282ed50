import { expect, it } from 'vitest'
import type { RingMap } from '../../../harness/agent/protocol.js'
import type { CpuRemains } from '../../../harness/store/trace-remains.js'
import { readTraceRing } from '../../../harness/target/autopsy/trace-ring.js'

const pageSize = 4096

/** A kernel's, with each member at another place than the first. */
const offsets = {
  ...{ 'trace_array.list': 8, 'trace_array.name': 24, 'trace_array.array_buffer': 32 },
  ...{ 'array_buffer.buffer': 8, 'trace_buffer.buffers': 64 },
  'ring_buffer_per_cpu.head_page': 16,
  'ring_buffer_per_cpu.commit_page': 24,
  'ring_buffer_per_cpu.reader_page': 32,
  'ring_buffer_per_cpu.lost_events': 40,
  'ring_buffer_per_cpu.last_overrun': 48,
  'ring_buffer_per_cpu.overrun': 56,
  'ring_buffer_per_cpu.read': 64,
  'ring_buffer_per_cpu.read_stamp': 72,
  ...{ 'buffer_page.list': 8, 'buffer_page.read': 32, 'buffer_page.page': 40 },
  ...{ 'buffer_data_page.time_stamp': 0, 'buffer_data_page.commit': 8 },
}
type Member = keyof typeof offsets

/** Memory in which objects are made, one behind the other. */
class Memory {
  readonly #bytes = Buffer.alloc(1 << 20)
  readonly #base = 0xffff888000000000n
  #used = 64

  allocate(bytes: number): bigint {
    const address = this.#base + BigInt(this.#used)
    this.#used += bytes
    return address
  }

  write(address: bigint, value: bigint): void {
    this.#bytes.writeBigUInt64LE(value, Number(address - this.#base))
  }

  set(object: bigint, member: Member, value: bigint): void {
    this.write(object + BigInt(offsets[member]), value)
  }

  text(text: string): bigint {
    const address = this.allocate(64)
    this.#bytes.write(text, Number(address - this.#base))
    return address
  }

  readonly read = (address: bigint, bytes: number): Promise<Buffer> => {
    const begin = Number(address - this.#base)
    if (begin < 0 || begin + bytes > this.#used)
      throw new Error(`nothing is mapped at ${address.toString(16)}`)
    return Promise.resolve(Buffer.from(this.#bytes.subarray(begin, begin + bytes)))
  }

  /** @param events What is committed in it. */
  page(stamp: bigint, events: string, read = 0): bigint {
    const data = this.allocate(pageSize)
    this.write(data, stamp)
    this.write(data + 8n, BigInt(events.length))
    this.#bytes.write(events, Number(data - this.#base) + 16)
    const page = this.allocate(64)
    this.set(page, 'buffer_page.read', BigInt(read))
    this.set(page, 'buffer_page.page', data)
    return page
  }
}

const linkOf = (page: bigint): bigint => page + BigInt(offsets['buffer_page.list'])

/** A circle of pages; that with the number `head` is said to be the first. */
function circle(memory: Memory, pages: readonly bigint[], head: number): void {
  for (const [index, page] of pages.entries()) {
    const next = (index + 1) % pages.length
    memory.write(linkOf(page), linkOf(pages[next]!) | (next === head ? 1n : 0n))
    memory.write(linkOf(pages[next]!) + 8n, linkOf(page))
  }
}

type Ring = Partial<Record<Member, bigint>>

/** Instances by name, null for the top one; all of them have the same ring buffers. */
function lay(memory: Memory, names: readonly (string | null)[], rings: readonly Ring[]): RingMap {
  const head = memory.allocate(16)
  const arrays = names.map(() => memory.allocate(64))
  const links = [head, ...arrays.map((array) => array + 8n)]
  for (const [index, link] of links.entries()) memory.write(link, links[(index + 1) % links.length]!)
  const buffer = memory.allocate(128)
  const table = memory.allocate(64)
  memory.write(buffer + 64n, table)
  for (const [cpu, members] of rings.entries()) {
    const ring = memory.allocate(128)
    memory.write(table + BigInt(8 * cpu), ring)
    for (const [member, value] of Object.entries(members)) memory.set(ring, member as Member, value)
  }
  for (const [index, array] of arrays.entries()) {
    const name = names[index]
    memory.set(array, 'trace_array.name', name == null ? 0n : memory.text(name))
    if (name === 'ours') memory.write(array + 32n + 8n, buffer)
  }
  return { instance: 'ours', instances: head.toString(16), offsets }
}

/** [stamp, events, missed] of each page. */
const shown = ({ pages }: CpuRemains): unknown[] =>
  pages.map(({ stamp, events, missed }) => [stamp, events.toString(), missed])

it('finds what nobody has read, in its order, and what was overwritten before', async () => {
  const memory = new Memory()
  const reader = memory.page(100n, 'aaaabbbb', 4)
  const circled = ['dddd', '', 'eeee', 'cccc'].map((events, index) =>
    memory.page(200n + BigInt(index), events),
  )
  // Behind the reader's page stand cccc and dddd, and then the one that is being written.
  circle(memory, circled, 3)
  const ring = {
    'ring_buffer_per_cpu.head_page': circled[1]!,
    'ring_buffer_per_cpu.commit_page': circled[0]!,
    'ring_buffer_per_cpu.reader_page': reader,
    'ring_buffer_per_cpu.lost_events': 3n,
    'ring_buffer_per_cpu.last_overrun': 5n,
    'ring_buffer_per_cpu.overrun': 12n,
    'ring_buffer_per_cpu.read': 77n,
    'ring_buffer_per_cpu.read_stamp': 111n,
  }
  const map = lay(memory, [null, 'ourselves', 'ours'], [ring])
  const [remains, ...others] = await readTraceRing(map, { cpus: 1, pageSize }, memory.read)
  expect(others).toEqual([])
  expect(remains).toMatchObject({ cpu: 0, read: 77 })
  expect(shown(remains!)).toEqual([
    [111n, 'bbbb', 3],
    [203n, 'cccc', 7],
    [200n, 'dddd', 0],
  ])
})

it('takes from a page that is being written what is committed, and nothing from one that was read', async () => {
  const memory = new Memory()
  const written = memory.page(100n, 'aaaa')
  const drained = memory.page(200n, 'bbbb', 4)
  const ringOf = (page: bigint): Ring => ({
    'ring_buffer_per_cpu.commit_page': page,
    'ring_buffer_per_cpu.reader_page': page,
    'ring_buffer_per_cpu.read_stamp': 222n,
  })
  const map = lay(memory, ['ours'], [ringOf(written), ringOf(drained)])
  // A third CPU has never been there.
  const remains = await readTraceRing(map, { cpus: 3, pageSize }, memory.read)
  expect(remains.map(shown)).toEqual([[[100n, 'aaaa', 0]], []])
})

it('says what it does not find, and ends', async () => {
  const memory = new Memory()
  await expect(
    readTraceRing(lay(memory, ['theirs'], []), { cpus: 1, pageSize }, memory.read),
  ).rejects.toThrow('there is no tracing instance ours')
  const pages = ['aaaa', 'bbbb'].map((events) => memory.page(1n, events))
  circle(memory, pages, -1)
  const ring = {
    'ring_buffer_per_cpu.head_page': pages[0]!,
    'ring_buffer_per_cpu.commit_page': pages[1]!,
    'ring_buffer_per_cpu.reader_page': memory.page(1n, ''),
  }
  await expect(
    readTraceRing(lay(memory, ['ours'], [ring]), { cpus: 1, pageSize }, memory.read),
  ).rejects.toThrow('a ring buffer has no first page')
})
