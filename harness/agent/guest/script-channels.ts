import { openSync, writeSync } from 'node:fs'
import { controlPort, tracePort } from '../protocol.js'
import type { Channels } from './channels.js'
import { findPort } from './port-channels.js'
import { scriptedRequests } from './script.js'

/** A guest that nobody speaks to: what it is to do stands in a script, and its ports are for writing alone. */
export class ScriptChannels implements Channels {
  readonly #fd = openSync(findPort(controlPort), 'w')

  async *requests(): AsyncGenerator<string> {
    for (const request of scriptedRequests()) yield await Promise.resolve(JSON.stringify(request))
  }

  send(line: string): void {
    writeSync(this.#fd, line)
  }

  readonly openTrace = (): number => openSync(findPort(tracePort), 'w')
}
