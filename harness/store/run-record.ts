import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { FctError } from '../fct-error.js'
import { storeFailure } from './store-failure.js'

/**
 * A run's folder: everything that is known of the run stands in it, whatever becomes of the run. What cannot be written does
 * not end the run; `failure()` tells of it.
 */
export interface RunRecord {
  readonly folder: string
  /** The first that went wrong: FCT_DISK_FULL, FCT_STORE_FAILED. */
  failure(): FctError | undefined
  /** Appends to console.log. */
  writeConsole(chunk: Uint8Array): void
  /** Resolves when everything that was written of console.log is in the file. */
  closeConsole(): Promise<void>
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
  return new FolderRecord(await createFresh(join(runs, `${time}-${scenario}-${seed}`)))
}

class FolderRecord implements RunRecord {
  readonly folder: string
  readonly #console: WriteStream
  #failure: FctError | undefined

  constructor(folder: string) {
    this.folder = folder
    const path = join(folder, 'console.log')
    this.#console = createWriteStream(path)
    this.#console.on('error', (error) => {
      this.#fail(error, path)
    })
  }

  failure(): FctError | undefined {
    return this.#failure
  }

  writeConsole(chunk: Uint8Array): void {
    if (this.#console.writable) this.#console.write(chunk)
  }

  async closeConsole(): Promise<void> {
    if (!this.#console.writableEnded) this.#console.end()
    if (!this.#console.closed) await finished(this.#console).catch(() => undefined)
  }

  writeJson(name: string, document: unknown): Promise<void> {
    return this.writeText(`${name}.json`, JSON.stringify(document, null, 2) + '\n')
  }

  async writeText(name: string, text: string): Promise<void> {
    const path = join(this.folder, name)
    try {
      await writeFile(path, text)
    } catch (error) {
      this.#fail(error, path)
    }
  }

  #fail(error: unknown, path: string): void {
    this.#failure ??= storeFailure(error, path)
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
