import { expect, it, vi } from 'vitest'
import { Lockups } from '../../../harness/target/lockups.js'

const soft = '[   60.1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [nfsd:215]\r\n'
const own = '[   61.0] rcu: INFO: rcu_preempt self-detected stall on CPU\r\n'
/** As a CPU whose interrupts are off is reported by another. */
const others = '[   62.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\r\n'

/** The line that convinces, when a console has printed these pieces; undefined if none does. */
async function convincedBy(...pieces: readonly string[]): Promise<string | undefined> {
  const { lockups, heard } = heardFrom(...pieces)
  return Promise.race([lockups.convinced, heard])
}

function heardFrom(...pieces: readonly string[]): { lockups: Lockups; heard: Promise<undefined> } {
  let print: (chunk: Uint8Array) => void = () => undefined
  const lockups = new Lockups((listener) => (print = listener))
  for (const piece of pieces) print(Buffer.from(piece))
  // Lines that have been written are heard before this.
  const heard = new Promise<undefined>((resolve) => setImmediate(() => setImmediate(resolve, undefined)))
  return { lockups, heard }
}

it('believes the third report, of whatever kind and however it comes', async () => {
  expect(await convincedBy(soft, own, others)).toBe(others.trim())
  expect(await convincedBy(soft.slice(0, 20), soft.slice(20) + soft, own)).toBe(own.trim())
})

it('takes two for a host that was busy, and other trouble for no lockup', async () => {
  expect(await convincedBy(soft, own)).toBeUndefined()
  const task = '[  130.0] INFO: task nfsd:215 blocked for more than 120 seconds.\r\n'
  expect(await convincedBy(soft, own, task, task)).toBeUndefined()
})

it('knows the last report, and how long ago it was', async () => {
  const { lockups, heard } = heardFrom(soft, others, 'a line\n')
  await heard
  expect(lockups.within(60_000)).toBe(others.trim())
  await vi.waitFor(() => expect(lockups.within(1)).toBeUndefined())
  const none = heardFrom('a line\n')
  await none.heard
  expect(none.lockups.within(60_000)).toBeUndefined()
})
