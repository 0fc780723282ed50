import { existsSync, openSync, readFileSync, closeSync, writeSync } from 'node:fs'
import type { Request, ScriptedRequest } from '../protocol.js'

/** What the host wants of a guest that it will not say a word to. */
const file = '/sys/firmware/qemu_fw_cfg/by_name/opt/fct/script/raw'
const ports = '/dev/port'
/** Of an IB700 watchdog, which stops the machine: a 14 there lets it do so in 2 s. */
const watchdogPort = 0x443
const inTwoSeconds = 14
const sleepMs = 3000

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

/**
 * In the middle of a sleep: time goes on to the next timer of a machine that sleeps, at once, whether it is stopped meanwhile or
 * not. One that stopped at an instruction would perhaps find itself some ms later.
 */
function stopMachine(): void {
  const fd = openSync(ports, 'r+')
  writeSync(fd, Buffer.of(inTwoSeconds), 0, 1, watchdogPort)
  closeSync(fd)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs)
}
