import { createHash } from 'node:crypto'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Standing } from './drive.js'

/** What an entry of the cache holds beside the machine itself. */
export interface Papers {
  readonly standing: Standing
  readonly console: string
  /** Of the files that QEMU reads: whoever changed one since has damaged it. */
  readonly seal: string
  /** Of what is in them, for damage that leaves no other trace. */
  readonly hashes: readonly string[]
}

export const machineFiles = ['memory', 'state']

export async function writePapers(
  folder: string,
  { standing, console }: Pick<Papers, 'standing' | 'console'>,
): Promise<void> {
  const papers: Papers = {
    standing,
    console,
    seal: await sealOf(folder),
    hashes: await hashesOf(folder),
  }
  await writeFile(join(folder, 'papers.json'), JSON.stringify(papers))
}

export async function readPapers(folder: string): Promise<Papers> {
  return JSON.parse(await readFile(join(folder, 'papers.json'), 'utf8')) as Papers
}

/** Size and time of change of the files: costs nothing. */
export async function sealOf(folder: string): Promise<string> {
  const files = await Promise.all(machineFiles.map((name) => stat(join(folder, name), { bigint: true })))
  return files.map(({ size, mtimeNs }) => `${String(size)} ${String(mtimeNs)}`).join(', ')
}

/** Whether a saved guest is still what was saved, to the last byte: reads all of it. */
export async function isWhole(folder: string): Promise<boolean> {
  const { hashes } = await readPapers(folder)
  return (await hashesOf(folder)).every((hash, index) => hash === hashes[index])
}

async function hashesOf(folder: string): Promise<string[]> {
  const hashes: string[] = []
  for (const name of machineFiles) hashes.push(await hashOfSparse(join(folder, name)))
  return hashes
}

const pieceBytes = 1 << 20
/** Few reads, for on a busy host each waits its turn. */
const readBytes = 32 << 20

/** Most of a guest's memory was never touched: what is zero is passed over, and counts by where it is not. */
async function hashOfSparse(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path)
  try {
    const [bytes, zeros] = [Buffer.alloc(readBytes), Buffer.alloc(pieceBytes)]
    for (let read = 0; ;) {
      const { bytesRead } = await file.read(bytes, 0, readBytes, read)
      if (bytesRead === 0) return hash.update(`end ${String(read)}`).digest('hex')
      for (let place = 0; place < bytesRead; place += pieceBytes) {
        const piece = bytes.subarray(place, Math.min(place + pieceBytes, bytesRead))
        if (piece.equals(zeros.subarray(0, piece.length))) continue
        hash.update(`at ${String(read + place)}`).update(piece)
      }
      read += bytesRead
    }
  } finally {
    await file.close()
  }
}
