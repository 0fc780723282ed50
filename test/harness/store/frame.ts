import { frameChecksum } from '../../../addon/index.js'

/** A frame of the raw trace stream (addon/README.md). */
export function frame(kind: number, cpu: number, sequence: number, data: Buffer): Buffer {
  const header = Buffer.alloc(32)
  header.writeUInt32LE(0x32544346, 0)
  header.writeUInt16LE(kind, 4)
  header.writeUInt16LE(cpu, 6)
  header.writeBigUInt64LE(BigInt(sequence), 8)
  header.writeUInt32LE(data.length, 16)
  header.writeBigUInt64LE(frameChecksum(data), 24)
  return Buffer.concat([header, data])
}
