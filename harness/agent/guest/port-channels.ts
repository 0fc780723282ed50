import { createReadStream, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { FctError } from '../../fct-error.js'
import { controlPort, tracePort } from '../protocol.js'
import type { Channels } from './channels.js'

const portClass = '/sys/class/virtio-ports'

/** The virtio-serial ports of a guest. */
export class PortChannels implements Channels {
  readonly #path = findPort(controlPort)
  readonly #fd = openSync(this.#path, 'r+')

  requests(): AsyncIterable<string> {
    return createInterface({ input: createReadStream(this.#path, { fd: this.#fd, autoClose: false }) })
  }

  /** The host always reads, so a blocking write is short. */
  send(line: string): void {
    writeSync(this.#fd, line)
  }

  readonly openTrace = (): number => openSync(findPort(tracePort), 'w')
}

/**
 * Path of the virtio-serial port with that name. The links that udev would make are not there: the guest runs no udev.
 *
 * @throws FctError FCT_AGENT_NO_PORT
 */
export function findPort(name: string): string {
  const device = readdirSync(portClass).find(
    (entry) => readFileSync(join(portClass, entry, 'name'), 'utf8').trim() === name,
  )
  if (device === undefined)
    throw new FctError('FCT_AGENT_NO_PORT', `this machine has no virtio-serial port ${name}`)
  return join('/dev', device)
}
