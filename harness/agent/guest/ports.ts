import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FctError } from '../../fct-error.js'

const portClass = '/sys/class/virtio-ports'

/** Path of the virtio-serial port with that name. The links that udev would make are not there: the guest runs no udev. */
export function findPort(name: string): string {
  const device = readdirSync(portClass).find(
    (entry) => readFileSync(join(portClass, entry, 'name'), 'utf8').trim() === name,
  )
  if (device === undefined)
    throw new FctError('FCT_AGENT_NO_PORT', `this machine has no virtio-serial port ${name}`)
  return join('/dev', device)
}
