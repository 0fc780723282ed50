import type { LruHoldsRef } from './lru-holds-ref.js'
import type { Steps, Task } from './machine.js'

/** The module's call of nfsd_file_close_inode_sync(), with its own events around it, from a kernel thread. */
export function* closeSync(kernel: LruHoldsRef, task: Task, inode: number): Steps {
  const { trace, random } = kernel
  const { pid, cpu } = task
  trace.told('fct_call', { inode, pid, cpu, kthread: 1 })
  yield
  const dispose = kernel.errs('close misses') ? [] : yield* kernel.queueForClose(task, inode)
  const isLate = dispose.length > 0 && kernel.errs('close frees later')
  if (isLate) kernel.disposeQueue.push(...dispose)
  else for (const nf of dispose) yield* kernel.dispose(task, nf)
  const files = isLate ? [] : dispose.map(({ address }) => address)
  // The work queue may have been quicker than the flush, and be at it still.
  const leftOpen = kernel.errs('close leaves files open', 1) || random.chance(8) ? files.splice(0) : []
  yield
  for (const file of files) trace.told('fct_fput', { file, pid, cpu })
  yield
  trace.told('fct_call', { inode, pid, cpu, kthread: 1, end: 1 })
  for (const file of leftOpen) trace.told('fct_fput', { file, pid: 1, cpu })
}
