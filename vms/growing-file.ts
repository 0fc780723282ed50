import { watch } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'

const pieceBytes = 256 * 1024

/**
 * What somebody else writes into a file, as it comes; it ends when `over` resolves and all has been read.
 *
 * @param path Need not stay once this has resolved.
 */
export async function readGrowing(path: string, over: Promise<unknown>): Promise<Readable> {
  const file = await open(path, 'r')
  let hasGrown = (): void => undefined
  const watcher = watch(path, { persistent: false }, () => {
    hasGrown()
  })
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for (let isOver = false; ;) {
        // Whoever writes while this reads is noticed.
        const grown = new Promise<void>((resolve) => (hasGrown = resolve))
        yield* readOn(file)
        if (isOver) return
        isOver = await Promise.race([grown.then(() => false), over.then(() => true)])
      }
    } finally {
      watcher.close()
      await file.close()
    }
  }
  return Readable.from(read(), { objectMode: false })
}

async function* readOn(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}
