const headerBytes = 64
const symbolBytes = 24
const sectionBytes = 64
/** Below are offsets in a CPU's own data, not addresses. */
const firstAddress = 0xffff_8000_0000_0000n
const [text, strings] = [1, 3]
const [executable, symbolTable, stringTable, nothing] = [2, 2, 3, 8]
const [allocated, code] = [2n, 4n]
const names = '\0.text\0.symtab\0.strtab\0'

interface KernelSymbol {
  readonly address: bigint
  readonly name: string
  readonly isFunction: boolean
}

/** Lines of /proc/kallsyms: `ffffffff81000000 T _text`, behind it `[nfsd]` if it is of a module. */
export function readKallsyms(listing: string): KernelSymbol[] {
  const found = listing.matchAll(/^([0-9a-f]{16}) ([a-zA-Z]) (\S+)/gm)
  return [...found]
    .map(([, address = '', type = '', name = '']) => ({
      address: BigInt(`0x${address}`),
      name,
      isFunction: 'tw'.includes(type.toLowerCase()),
    }))
    .filter(({ address }) => address >= firstAddress)
}

/**
 * An ELF file (System V ABI, chapter 4) for x86-64 that has nothing but names of addresses, for gdb, which takes them from
 * nowhere else. One section spans them all, since gdb thinks that a name outside of sections is no code.
 */
export function symbolFile(all: readonly KernelSymbol[]): Buffer {
  const table = Buffer.alloc(symbolBytes * (all.length + 1))
  const pieces = [names]
  let place = names.length
  for (const [index, { address, name, isFunction }] of all.entries()) {
    const at = symbolBytes * (index + 1)
    table.writeUInt32LE(place, at)
    table.writeUInt8((1 << 4) | (isFunction ? 2 : 1), at + 4) // STB_GLOBAL; STT_FUNC, STT_OBJECT
    table.writeUInt16LE(text, at + 6)
    table.writeBigUInt64LE(address, at + 8)
    pieces.push(`${name}\0`)
    place += Buffer.byteLength(name) + 1
  }
  const content = Buffer.from(pieces.join(''))
  const behind = headerBytes + table.length
  const addresses = all.map(({ address }) => address)
  const first = addresses.reduce((least, address) => (address < least ? address : least), 2n ** 64n - 1n)
  const last = addresses.reduce((most, address) => (address > most ? address : most), 0n)
  const sections = [
    Buffer.alloc(sectionBytes),
    section({
      name: '.text',
      type: nothing,
      flags: allocated | code,
      address: first,
      bytes: last - first + 1n,
    }),
    section({
      name: '.symtab',
      type: symbolTable,
      offset: headerBytes,
      bytes: BigInt(table.length),
      link: strings,
    }),
    section({ name: '.strtab', type: stringTable, offset: behind, bytes: BigInt(content.length) }),
  ]
  return Buffer.concat([header(behind + content.length, sections.length), table, content, ...sections])
}

function header(sectionsAt: number, count: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1') // 64 bits, little endian
  bytes.writeUInt16LE(executable, 16)
  bytes.writeUInt16LE(62, 18) // EM_X86_64
  bytes.writeUInt32LE(1, 20)
  bytes.writeBigUInt64LE(BigInt(sectionsAt), 40)
  bytes.writeUInt16LE(headerBytes, 52)
  bytes.writeUInt16LE(sectionBytes, 58)
  bytes.writeUInt16LE(count, 60)
  bytes.writeUInt16LE(strings, 62)
  return bytes
}

interface Section {
  readonly name: string
  readonly type: number
  readonly flags?: bigint
  readonly address?: bigint
  readonly offset?: number
  readonly bytes: bigint
  readonly link?: number
}

function section({ name, type, flags = 0n, address = 0n, offset = 0, bytes, link = 0 }: Section): Buffer {
  const entry = Buffer.alloc(sectionBytes)
  entry.writeUInt32LE(names.indexOf(name), 0)
  entry.writeUInt32LE(type, 4)
  entry.writeBigUInt64LE(flags, 8)
  entry.writeBigUInt64LE(address, 16)
  entry.writeBigUInt64LE(BigInt(offset), 24)
  entry.writeBigUInt64LE(bytes, 32)
  entry.writeUInt32LE(link, 40)
  // Of a symbol table: the first that is not local.
  entry.writeUInt32LE(type === symbolTable ? 1 : 0, 44)
  entry.writeBigUInt64LE(BigInt(type === symbolTable ? symbolBytes : 0), 56)
  return entry
}
