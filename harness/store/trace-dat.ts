import { createReadStream } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import type { FilePart } from '../../addon/index.js'
import type { TraceMetadata } from '../agent/protocol.js'

/** What a trace.dat is made of: formats from the target, and per CPU a file of raw pages. */
export interface TraceParts {
  readonly metadata: TraceMetadata
  /** "pid comm" lines; empty if the target was gone before it could tell. */
  readonly cmdlines: string
  /**
   * Files of sub-buffers, one per CPU in the order of the CPUs. A CPU that had none may have no file; a part of a sub-buffer at a
   * file's end is left out.
   */
  readonly spools: readonly string[]
  /** By CPU, the text of per_cpu/cpuN/stats at the end of the reading: what the ring buffer says it produced. */
  readonly stats?: ReadonlyMap<number, string>
}

/** A trace.dat as it would be: the bytes in front of the pages, and the files with those. */
export interface TraceLayout {
  readonly head: Buffer
  readonly pages: readonly FilePart[]
}

const optionEnd = 0
const optionCpuStat = 2
const optionTraceClock = 4

/**
 * Lays trace.dat out, version 6 (trace-cmd.dat.v6(5)): `trace-cmd report` and KernelShark open it.
 *
 * kallsyms and printk formats are left empty: no event of ours needs them.
 */
export async function layOutTraceDat(parts: TraceParts): Promise<TraceLayout> {
  const { metadata, spools } = parts
  const { pageSize } = metadata
  const sizes = await Promise.all(spools.map(async (spool) => wholePages(await sizeOf(spool), pageSize)))
  const head = headOf(parts)
  const clock = u64Sized(clockText(metadata))
  const length = roundUp(head.length + sizes.length * 16 + clock.length, pageSize)
  let offset = length
  const table = sizes.map((size) => {
    const row = Buffer.concat([u64(offset), u64(size)])
    offset += size
    return row
  })
  const pages = spools.map((path, cpu) => ({ path, size: sizes[cpu] ?? 0 })).filter(({ size }) => size > 0)
  return { head: Buffer.concat([head, ...table, clock], length), pages }
}

export async function writeTraceDat(path: string, parts: TraceParts): Promise<void> {
  const { head, pages } = await layOutTraceDat(parts)
  const file = await open(path, 'w')
  try {
    await file.write(head)
    for (const part of pages) await append(file, part)
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

function wholePages(size: number, pageSize: number): number {
  return size - (size % pageSize)
}

async function append(file: FileHandle, { path, size }: FilePart): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, end: size - 1 }))
    await file.write(chunk as Buffer)
}

function headOf({ metadata, cmdlines, stats = new Map<number, string>() }: TraceParts): Buffer {
  return Buffer.concat([
    Buffer.from([0x17, 0x08, 0x44]),
    Buffer.from('tracing6\0'),
    Buffer.from([littleEndian, longSize]),
    u32(metadata.pageSize),
    Buffer.from('header_page\0'),
    u64Sized(metadata.headerPage),
    Buffer.from('header_event\0'),
    u64Sized(metadata.headerEvent),
    formatsOf(metadata),
    u32(0), // kallsyms
    u32(0), // printk formats
    u64Sized(cmdlines),
    u32(metadata.cpus),
    Buffer.from('options  \0'),
    ...[...stats].map(([cpu, text]) => option(optionCpuStat, `CPU: ${String(cpu)}\n${text}`)),
    option(optionTraceClock, clockText(metadata)),
    u16(optionEnd),
    Buffer.from('flyrecord\0'),
  ])
}

function option(id: number, text: string): Buffer {
  return Buffer.concat([u16(id), u32Sized(text)])
}

const littleEndian = 0
const longSize = 8

/** ftrace's own formats first, without a system name; then each system with its events. */
function formatsOf({ formats }: TraceMetadata): Buffer {
  const textsOf = (system: string): string[] =>
    formats.filter((f) => f.system === system).map(({ text }) => text)
  const systems = [...new Set(formats.map(({ system }) => system))].filter((system) => system !== 'ftrace')
  const list = (texts: readonly string[]): Buffer =>
    Buffer.concat([u32(texts.length), ...texts.map(u64Sized)])
  const named = systems.map((system) => Buffer.concat([Buffer.from(`${system}\0`), list(textsOf(system))]))
  return Buffer.concat([list(textsOf('ftrace')), u32(systems.length), ...named])
}

/** As the file trace_clock reads: the clock in use stands in brackets. */
function clockText({ clock }: TraceMetadata): string {
  return `[${clock}]`
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeUInt16LE(value)
  return buffer
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt(value))
  return buffer
}

function u32Sized(text: string): Buffer {
  return Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)])
}

function u64Sized(text: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)])
}
