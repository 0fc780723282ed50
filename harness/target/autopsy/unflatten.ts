import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** makedumpfile's IMPLEMENTATION, "The flattened format": a header, then pieces with the place where each belongs. */
const headerBytes = 4096
const pieceHeadBytes = 16
const signature = 'makedumpfile'

/**
 * QEMU writes a compressed dump as one that can go through a pipe; this makes the file of it that crash and drgn open.
 *
 * @throws Error if it is no such dump, or if its end is missing
 */
export async function unflatten(flat: string, path: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await writePieces(createReadStream(flat, { highWaterMark: 1 << 20 }), file)
  } finally {
    await file.close()
  }
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
