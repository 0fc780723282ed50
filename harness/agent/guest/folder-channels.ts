import { once } from 'node:events'
import { existsSync, openSync, readFileSync, watch, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Channels } from './channels.js'

/**
 * Files in a folder: `down/N` is the request number N, which appears whole, by a rename; `up` has what is sent, a line each;
 * `trace` the stream of pages. The host reads both from where it stopped.
 */
export class FolderChannels implements Channels {
  readonly #folder: string
  readonly #up: number

  constructor(folder: string) {
    this.#folder = folder
    this.#up = openSync(join(folder, 'up'), 'a')
  }

  async *requests(): AsyncGenerator<string> {
    const watcher = watch(join(this.#folder, 'down'))
    try {
      for (let number = 1; ; number++) yield await appearing(join(this.#folder, 'down', String(number)))
    } finally {
      watcher.close()
    }

    async function appearing(path: string): Promise<string> {
      while (!existsSync(path)) await once(watcher, 'change')
      return readFileSync(path, 'utf8')
    }
  }

  send(line: string): void {
    writeSync(this.#up, line)
  }

  readonly openTrace = (): number => openSync(join(this.#folder, 'trace'), 'a')
}
