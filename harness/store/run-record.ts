import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'

/** A run's folder: everything that is known of the run stands in it, whatever becomes of the run. */
export interface RunRecord {
  readonly folder: string
  /** Appends to console.log. */
  writeConsole(chunk: Uint8Array): void
  /** console.log as it stands, after everything written has reached the file. */
  closeConsole(): Promise<string>
  /** Writes a document of the run as JSON: `run`, `verdict`. */
  writeJson(name: string, document: unknown): Promise<void>
  writeText(name: string, text: string): Promise<void>
}

/** Makes the folder `TIME-SCENARIO-SEED` below `runs`; two runs of one second get different names. */
export async function createRunRecord(
  runs: string,
  scenario: string,
  seed: string,
  now: Date,
): Promise<RunRecord> {
  const time = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  const folder = await createFresh(join(runs, `${time}-${scenario}-${seed}`))
  const console = createWriteStream(join(folder, 'console.log'))
  return {
    folder,
    writeConsole: (chunk) => void console.write(chunk),
    closeConsole: () => closeAndRead(console),
    writeJson: (name, document) =>
      writeFile(join(folder, `${name}.json`), JSON.stringify(document, null, 2) + '\n'),
    writeText: (name, text) => writeFile(join(folder, name), text),
  }
}

async function createFresh(wanted: string, attempt = 1): Promise<string> {
  const folder = attempt === 1 ? wanted : `${wanted}-${String(attempt)}`
  await mkdir(join(folder, '..'), { recursive: true })
  try {
    await mkdir(folder)
    return folder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return createFresh(wanted, attempt + 1)
  }
}

async function closeAndRead(file: WriteStream): Promise<string> {
  if (!file.writableEnded) file.end()
  if (!file.closed) await finished(file).catch(() => undefined)
  return readFile(file.path, 'utf8')
}
