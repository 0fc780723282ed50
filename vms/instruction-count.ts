import { readFile, writeFile } from 'node:fs/promises'
import { FctError } from '../harness/fct-error.js'

/** How QEMU begins what `timer/icount` of its timers is in a state (softmmu/cpu-timers.c): subsection, length, name, version 1. */
const head = Buffer.from('\x05\x0ctimer/icount\0\0\0\x01', 'latin1')

/**
 * Lets the instructions of a saved machine count from 0. Its clock stays as it is: it is their number, times 2^shift ns, and what
 * time has jumped ahead, which becomes so much more. QEMU ends at an assertion if it shall record a machine whose count has bit 31
 * set (7.2, replay_advance_current_icount(): a difference to 0 is an int there).
 *
 * @param path QEMU's state, which is changed.
 * @throws FctError FCT_SNAPSHOT_FAILED
 */
export async function countFromZero(path: string, shift: number): Promise<void> {
  await writeFile(path, restarted(await readFile(path), shift))
}

/** @throws FctError FCT_SNAPSHOT_FAILED if it is not the state of a machine that counts instructions */
export function restarted(state: Buffer, shift: number): Buffer {
  const found = state.indexOf(head)
  if (found < 0 || state.includes(head, found + 1))
    throw new FctError('FCT_SNAPSHOT_FAILED', 'where QEMU has counted instructions is not known')
  const [jumped, count] = [found + head.length, found + head.length + 8]
  const again = Buffer.from(state)
  again.writeBigInt64BE(state.readBigInt64BE(jumped) + (state.readBigInt64BE(count) << BigInt(shift)), jumped)
  again.writeBigInt64BE(0n, count)
  return again
}
