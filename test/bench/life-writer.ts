import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TraceMetadata } from '../../harness/agent/protocol.js'
import { writeTraceDat } from '../../harness/store/trace-dat.js'
import { wholeMetadata } from '../harness/fixtures.js'
import { runModel } from '../harness/oracle/model/run-model.js'
import type { Trace } from '../../addon/index.js'

/** A field of an event's record, as its format file has it. */
interface Field {
  readonly name: string
  readonly offset: number
  readonly size: number
}

interface Format {
  readonly id: number
  readonly fields: readonly Field[]
  readonly length: number
}

const pageRoom = 4096 - 16

/** Of one CPU, sub-buffer by sub-buffer. */
class PageWriter {
  readonly #pages: Buffer[] = []
  #page = Buffer.alloc(4096)
  #used = 0
  #stamp = 0

  add(stamp: number, record: Buffer): void {
    if (this.#used + record.length + 4 > pageRoom) this.#turn()
    if (this.#used === 0) this.#page.writeBigUInt64LE(BigInt(stamp), 0)
    const delta = this.#used === 0 ? 0 : stamp - this.#stamp
    this.#page.writeUInt32LE(((delta << 5) | (record.length / 4)) >>> 0, 16 + this.#used)
    record.copy(this.#page, 20 + this.#used)
    this.#used += record.length + 4
    this.#stamp = stamp
  }

  finish(): Buffer {
    this.#turn()
    return Buffer.concat(this.#pages)
  }

  #turn(): void {
    this.#page.writeBigUInt64LE(BigInt(this.#used), 8)
    this.#pages.push(this.#page)
    this.#page = Buffer.alloc(4096)
    this.#used = 0
  }
}

/**
 * Writes a trace.dat of a sound file cache under load: what the oracle's model of it does, again and again, in the formats of a real
 * kernel.
 *
 * @returns how many events it has: as many as were wanted, or a few more
 */
export async function writeLives(folder: string, path: string, events: number): Promise<number> {
  const metadata = wholeMetadata()
  const { trace } = runModel({ seed: 1, operations: 4000 })
  const formats = trace.types.map(({ system, name }) => formatOf(metadata, system, name))
  const cpus = [new PageWriter(), new PageWriter()]
  let count = 0
  while (count < events) {
    for (let row = 0; row < trace.rows.count; row++) {
      const format = formats[trace.rows.type[row] ?? 0]
      if (format === undefined || trace.types[trace.rows.type[row] ?? 0]?.name === 'fct_phase') continue
      cpus[trace.rows.cpu[row] ?? 0]?.add(++count, recordOf(trace, row, format, metadata))
    }
  }
  const spools = await Promise.all(
    cpus.map(async (cpu, number) => {
      const spool = join(folder, `cpu${number}.pages`)
      await writeFile(spool, cpu.finish())
      return spool
    }),
  )
  await writeTraceDat(path, { metadata, cmdlines: '', spools })
  return count
}

function formatOf({ formats }: TraceMetadata, system: string, name: string): Format | undefined {
  const text = formats.find((format) => format.system === system && format.name === name)?.text
  if (text === undefined) return undefined
  const fields = [...text.matchAll(/^\tfield:[^;]*?(\w+);\toffset:(\d+);\tsize:(\d+);/gm)].map(
    ([, field = '', offset, size]) => ({ name: field, offset: Number(offset), size: Number(size) }),
  )
  const length = Math.max(...fields.map(({ offset, size }) => offset + size))
  return { id: Number(/^ID: (\d+)$/m.exec(text)?.[1]), fields, length: Math.ceil(length / 4) * 4 }
}

function recordOf(
  trace: Trace,
  row: number,
  { id, fields, length }: Format,
  metadata: TraceMetadata,
): Buffer {
  const record = Buffer.alloc(length)
  const columns = trace.columns[trace.rows.type[row] ?? 0] ?? {}
  const index = trace.rows.index[row] ?? 0
  for (const { name, offset, size } of fields) {
    const value = Number(columns[name]?.[index] ?? 0)
    if (size === 8) record.writeBigUInt64LE(trace.pointers[value] ?? 0n, offset)
    else if (size === 4) record.writeUInt32LE(value >>> 0, offset)
    else if (name === 'op') record.writeUInt16LE(numberOf(trace, value, metadata), offset)
    else if (size === 1) record.writeUInt8(value, offset)
  }
  record.writeUInt16LE(id, 0)
  record.writeInt32LE(trace.rows.pid[row] ?? 0, 4)
  return record
}

/** The module's own number for the tracepoint that has another one in the model. */
function numberOf({ types }: Trace, op: number, { formats }: TraceMetadata): number {
  const name = types.find((type) => type.name === 'fct_file')?.symbols['op']?.[op] ?? ''
  const known = numbers.get(name)
  if (known !== undefined) return known
  const text = formats.find((format) => format.name === 'fct_file')?.text ?? ''
  const number = Number(new RegExp(`\\{ (\\d+), "${name}" \\}`).exec(text)?.[1] ?? 0)
  numbers.set(name, number)
  return number
}

const numbers = new Map<string, number>()
