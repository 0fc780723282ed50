import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const portion = 1 << 16

/** Writes the parts to a file, or to stdout without a path, as fast as it takes them. A reader that has seen enough ends it. */
export async function writeText(parts: Iterable<string>, path?: string): Promise<void> {
  const source = Readable.from(inPortions(parts))
  try {
    if (path === undefined) await pipeline(source, process.stdout, { end: false })
    else await pipeline(source, createWriteStream(path))
  } catch (error) {
    if (path !== undefined || (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

/** Each part with the end of a line. */
export function* toLines(parts: Iterable<string>): Generator<string> {
  for (const part of parts) yield `${part}\n`
}

function* inPortions(parts: Iterable<string>): Generator<string> {
  let text = ''
  for (const part of parts) {
    text += part
    if (text.length < portion) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
