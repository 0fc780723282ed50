import type { Trace } from '../../../../addon/index.js'
import { TraceBuilder } from '../../trace-builder.js'
import { closeSync } from './close-sync.js'
import { Kernel, type Defect, type NfsdFile, type Steps, type Task } from './kernel.js'
import { lose } from './lose.js'
import { Random } from './random.js'

export interface ModelRun {
  readonly trace: Trace
  /** The kernel's own WARN in nfsd_file_free(). */
  readonly warnings: number
  /** How often the built-in defect struck. */
  readonly misdeeds: number
  /** Entries on the LRU when nfsd was told to stop. */
  readonly idleLeft: number
  /** /proc/fs/nfsd/filecache by then. */
  readonly filecache: string
}

export interface ModelOptions {
  readonly seed: number
  readonly defect?: Defect
  readonly isPreemptible?: boolean
  readonly operations?: number
  /** Tasks that walk the LRU during the load. */
  readonly walkers?: number
  /** Events go missing. */
  readonly isLossy?: boolean
}

/**
 * Runs nfsd threads, NFSv4 clients, closers, the laundrette, the shrinker and the disposer into each other,
 * then stops nfsd.
 */
export function runModel({
  seed,
  defect = 'none',
  isPreemptible = false,
  operations = 800,
  walkers = 2,
  isLossy = false,
}: ModelOptions): ModelRun {
  const random = new Random(seed)
  const builder = new TraceBuilder()
  const kernel = new Kernel(random, builder)
  kernel.defect = defect
  kernel.isPreemptible = isPreemptible
  builder.phase('load', 1000)
  interleave(kernel, loadTasks(kernel, operations, walkers))
  builder.phase('quiet', 5000)
  calmDown(kernel, builder)
  const idleLeft = kernel.lruCount
  const { acquisitions, evictions } = kernel
  const filecache = Object.entries({ 'lru entries': idleLeft, acquisitions, evictions })
    .map(([label, value]) => `${label}: ${String(value)}\n`)
    .join('')
  builder.phase('shutdown', 12_000)
  const last = newTask(kernel)
  finish(shutDown(kernel, last))
  builder.phase('end', 12_500)
  if (isLossy) lose(builder, random)
  return { trace: builder.build(), warnings: kernel.warnings, misdeeds: kernel.misdeeds, idleLeft, filecache }
}

const inodes = [1, 2, 3]

function loadTasks(kernel: Kernel, operations: number, walkers: number): Map<Task, Steps> {
  const { random } = kernel
  const opens: NfsdFile[] = []
  let left = operations
  const repeat = (once: (task: Task) => Steps): [Task, Steps] => {
    const task = newTask(kernel)
    return [task, loop(task)]
    function* loop(self: Task): Steps {
      while (left-- > 0) {
        self.isIdle = false
        yield* once(self)
        kernel.quiesce(self)
        yield
      }
    }
  }
  const someInode = (): number => random.pick(inodes)
  return new Map([
    ...Array.from({ length: 4 }, () => repeat((task) => kernel.readOrWrite(task, someInode()))),
    ...Array.from({ length: 2 }, () => repeat((task) => openOrClose(kernel, task, opens, someInode()))),
    ...Array.from({ length: 2 }, () => repeat((task) => closeInode(kernel, task, someInode()))),
    ...Array.from({ length: walkers }, () => repeat((task) => kernel.walkLru(task))),
    repeat((task) => disposeQueued(kernel, task)),
    [newTask(kernel), putOpens(kernel, opens, () => left > 0)],
  ])
}

/** NFSv4: a file is put by another thread than the one that opened it, and references are taken silently. */
function* openOrClose(kernel: Kernel, task: Task, opens: NfsdFile[], inode: number): Steps {
  const nf = yield* kernel.acquire(task, inode, false)
  if (!nf) return
  if (kernel.random.chance(2)) {
    nf.ref++ // nfsd_file_get()
    opens.push(nf)
  }
  opens.push(nf)
}

function* putOpens(kernel: Kernel, opens: NfsdFile[], isLoaded: () => boolean): Steps {
  const task = newTask(kernel)
  while (isLoaded() || opens.length > 0) {
    const nf = opens.shift()
    task.isIdle = false
    if (nf) yield* kernel.put(task, nf)
    kernel.quiesce(task)
    yield
  }
}

/** nfsd_file_close_inode_sync(), or nfsd_file_close_inode(), which leaves the freeing to the work queue. */
function* closeInode(kernel: Kernel, task: Task, inode: number): Steps {
  if (kernel.random.chance(2)) yield* closeSync(kernel, task, inode)
  else kernel.disposeQueue.push(...(yield* kernel.queueForClose(task, inode)))
}

function* disposeQueued(kernel: Kernel, task: Task): Steps {
  for (let nf = kernel.disposeQueue.shift(); nf; nf = kernel.disposeQueue.shift())
    yield* kernel.free(task, nf)
}

/** The laundrette, two passes of it, and what it queues. */
function calmDown(kernel: Kernel, builder: TraceBuilder): void {
  const task = newTask(kernel)
  if (kernel.defect !== 'laundrette is never scheduled') {
    for (const ms of [6500, 8500]) {
      builder.at(ms)
      finish(kernel.walkLru(task))
    }
  }
  finish(disposeQueued(kernel, task))
}

/** __nfsd_file_cache_purge() and the rest of nfsd_file_cache_shutdown_net(). */
function* shutDown(kernel: Kernel, task: Task): Steps {
  const dispose: NfsdFile[] = []
  for (const files of kernel.table.values()) {
    for (const nf of files) yield* kernel.condQueue(task, nf, dispose)
  }
  for (const nf of dispose) yield* kernel.free(task, nf)
  yield* disposeQueued(kernel, task)
}

function newTask(kernel: Kernel): Task {
  const task: Task = {
    pid: 100 + kernel.tasks.length,
    cpu: kernel.tasks.length % 2,
    readers: 0,
    isIdle: true,
  }
  kernel.tasks.push(task)
  return task
}

/** One step of some task at a time, until all are done; now and then one task is left lying for long. */
function interleave(kernel: Kernel, tasks: Map<Task, Steps>): void {
  const { random } = kernel
  const running = new Set(tasks.values())
  let asleep: Steps | undefined
  for (let step = 0; running.size > 0; step++) {
    if (random.chance(50)) asleep = random.chance(2) ? undefined : random.pick([...running])
    const awake = [...running].filter((task) => task !== asleep || running.size === 1)
    const next = random.pick(awake)
    if (next.next().done === true) running.delete(next)
    // A sleeper may hold a lock that all others wait for.
    if (step % 500 === 0) asleep = undefined
    if (step > 1_000_000) throw new Error('the model hangs')
  }
}

function finish(steps: Steps): void {
  while (steps.next().done !== true);
}
