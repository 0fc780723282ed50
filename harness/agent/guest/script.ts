import { existsSync, openSync, readFileSync, closeSync, writeSync } from 'node:fs'
import type { Request, ScriptedRequest } from '../protocol.js'

/** What the host wants of a guest that it will not say a word to. */
const file = '/sys/firmware/qemu_fw_cfg/by_name/opt/fct/script/raw'
const ports = '/dev/port'
/** Of QEMU's pvpanic; the machine stops when a 1 is written there. */
const panicPort = 0x505

export function hasScript(): boolean {
  return existsSync(file)
}

/**
 * The requests of a script, numbered as a host would number them. At its end the machine stops; should it ever go on, or resume
 * from where it was saved, there is another script.
 */
export function* scriptedRequests(): Generator<Request> {
  for (;;) {
    const script = JSON.parse(readFileSync(file, 'utf8')) as ScriptedRequest[]
    for (const [index, request] of script.entries()) yield { id: index + 1, ...request }
    stopMachine()
  }
}

function stopMachine(): void {
  const fd = openSync(ports, 'r+')
  writeSync(fd, Buffer.of(1), 0, 1, panicPort)
  closeSync(fd)
}
