import { createReadStream } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import type { TraceMetadata } from '../agent/protocol.js'

/** What a trace.dat is made of: formats from the target, and per CPU a file of whole raw pages. */
export interface TraceParts {
  readonly metadata: TraceMetadata
  /** "pid comm" lines; empty if the target was gone before it could tell. */
  readonly cmdlines: string
  /** Files of whole sub-buffers, one per CPU in the order of the CPUs. */
  readonly spools: readonly string[]
}

const optionEnd = 0
const optionTraceClock = 4

/**
 * Writes trace.dat, version 6 (trace-cmd.dat.v6(5)): `trace-cmd report` and KernelShark open it.
 *
 * kallsyms and printk formats are left empty: no event of ours needs them.
 */
export async function writeTraceDat(path: string, parts: TraceParts): Promise<void> {
  const sizes = await Promise.all(parts.spools.map(async (spool) => (await stat(spool)).size))
  const head = headOf(parts.metadata, parts.cmdlines)
  const clock = u64Sized(clockText(parts.metadata))
  const tableLength = sizes.length * 16
  const { pageSize } = parts.metadata
  let offset = roundUp(head.length + tableLength + clock.length, pageSize)
  const table = sizes.map((size) => {
    const row = Buffer.concat([u64(offset), u64(size)])
    offset = roundUp(offset + size, pageSize)
    return row
  })
  const file = await open(path, 'w')
  try {
    await file.write(padded(Buffer.concat([head, ...table, clock]), pageSize))
    for (const spool of parts.spools) await append(file, spool)
  } finally {
    await file.close()
  }
}

async function append(file: FileHandle, spool: string): Promise<void> {
  for await (const chunk of createReadStream(spool, { highWaterMark: 1 << 20 }))
    await file.write(chunk as Buffer)
}

function headOf(metadata: TraceMetadata, cmdlines: string): Buffer {
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
    Buffer.concat([u16(optionTraceClock), u32Sized(clockText(metadata)), u16(optionEnd)]),
    Buffer.from('flyrecord\0'),
  ])
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

function padded(data: Buffer, unit: number): Buffer {
  return Buffer.concat([data], roundUp(data.length, unit))
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
