/**
 * What a kernel says of itself for those who look at it from outside (Documentation/admin-guide/kdump/vmcoreinfo.rst): lines
 * `OSRELEASE=6.1.0`, `SYMBOL(prb)=ffffffff...`, `OFFSET(printk_info.seq)=0`, `SIZE(printk_info)=88`, `NUMBER(phys_base)=4096`.
 */
export class VmcoreInfo {
  readonly #values: ReadonlyMap<string, string>

  constructor(text: string) {
    const pairs = text.split('\n').map((line) => line.split('=', 2))
    this.#values = new Map(pairs.flatMap(([name, value]) => (name && value ? [[name, value] as const] : [])))
  }

  /** Virtual address. */
  symbol(name: string): bigint {
    return BigInt(`0x${this.#valueOf(`SYMBOL(${name})`)}`)
  }

  /** `printk_info.seq` */
  offset(member: string): number {
    return Number(this.#valueOf(`OFFSET(${member})`))
  }

  size(type: string): number {
    return Number(this.#valueOf(`SIZE(${type})`))
  }

  /** 0 for what this kernel does not have. */
  number(name: string): bigint {
    return BigInt(this.#values.get(`NUMBER(${name})`) ?? 0)
  }

  #valueOf(key: string): string {
    const value = this.#values.get(key)
    if (value === undefined) throw new Error(`this kernel does not tell ${key}`)
    return value
  }
}

const noteType = 4
/** Of an ELF64 file header, and of a program header: linux/elf.h. */
const at = { programHeaders: 0x20, headerSize: 0x36, headerCount: 0x38, offset: 8, fileSize: 0x20 }

/** The note VMCOREINFO of a core file's beginning; undefined if the kernel has left none. */
export function findVmcoreInfo(core: Buffer): VmcoreInfo | undefined {
  const first = Number(core.readBigUInt64LE(at.programHeaders))
  for (let index = 0; index < core.readUInt16LE(at.headerCount); index++) {
    const header = first + index * core.readUInt16LE(at.headerSize)
    if (core.readUInt32LE(header) !== noteType) continue
    const begin = Number(core.readBigUInt64LE(header + at.offset))
    const notes = core.subarray(begin, begin + Number(core.readBigUInt64LE(header + at.fileSize)))
    const text = textOfNote(notes, 'VMCOREINFO')
    if (text !== undefined) return new VmcoreInfo(text)
  }
  return undefined
}

/** Notes: sizes of name and content, a type, then both, each filled up to four bytes. */
function textOfNote(notes: Buffer, wanted: string): string | undefined {
  const aligned = (bytes: number): number => (bytes + 3) & ~3
  let begin = 0
  while (begin + 12 <= notes.length) {
    const [nameSize, size] = [notes.readUInt32LE(begin), notes.readUInt32LE(begin + 4)]
    const name = notes.toString('latin1', begin + 12, begin + 12 + Math.max(0, nameSize - 1))
    const content = begin + 12 + aligned(nameSize)
    if (name === wanted) return notes.toString('latin1', content, content + size)
    begin = content + aligned(size)
  }
  return undefined
}
