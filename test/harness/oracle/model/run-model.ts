import type { Trace } from '../../../../addon/index.js'
import type { FlavourId } from '../../../../harness/oracle/flavours/flavour.js'
import { kernelFeatures } from '../../kernel-features.js'
import { TraceBuilder } from '../../trace-builder.js'
import { BucketsHoldRef } from './buckets-hold-ref.js'
import { LruHoldsRefFromOpen } from './lru-holds-ref-from-open.js'
import { LruHoldsRef } from './lru-holds-ref.js'
import type { Defect, Machine, NfsdFile, Steps, Task } from './machine.js'
import { Random } from './random.js'
import { SeedV4 } from './seed-v4.js'
import { TableHoldsRef } from './table-holds-ref.js'

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
  readonly flavour?: FlavourId
  readonly defect?: Defect
  readonly isPreemptible?: boolean
  /** The trace begins late and has a gap. */
  readonly isLossy?: boolean
  readonly operations?: number
  /** Tasks that walk the LRU during the load. */
  readonly walkers?: number
}

const kernels = {
  'buckets-hold-ref': BucketsHoldRef,
  'table-holds-ref': TableHoldsRef,
  'table-holds-ref-gc': TableHoldsRef,
  'seed-v4': SeedV4,
  'lru-holds-ref': LruHoldsRef,
  'lru-holds-ref-from-open': LruHoldsRefFromOpen,
}

/**
 * Runs nfsd threads, NFSv4 clients, closers, the laundrette, the shrinker and the disposer into each other,
 * then stops nfsd.
 */
export function runModel({
  seed,
  flavour = 'lru-holds-ref',
  defect = 'none',
  isPreemptible = false,
  isLossy = false,
  operations = 800,
  walkers = 2,
}: ModelOptions): ModelRun {
  const random = new Random(seed)
  const features = kernelFeatures[flavour]
  const builder = new TraceBuilder(features)
  const kernel = new kernels[flavour](random, builder, features)
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
  finish(kernel.purge(last))
  builder.phase('end', 12_500)
  if (isLossy) lose(builder, random)
  return { trace: builder.build(), warnings: kernel.warnings, misdeeds: kernel.misdeeds, idleLeft, filecache }
}

const inodes = [1, 2, 3]

function loadTasks(kernel: Machine, operations: number, walkers: number): Map<Task, Steps> {
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
    ...Array.from({ length: 2 }, () => repeat((task) => kernel.closeInode(task, someInode()))),
    ...Array.from({ length: walkers }, (_, index) =>
      repeat((task) => (index % 2 === 0 ? kernel.walkLru(task) : kernel.shrink(task))),
    ),
    repeat((task) => kernel.disposeQueued(task)),
    ...(kernel.defect === 'purge frees held' ? [repeat((task) => kernel.purge(task))] : []),
    [newTask(kernel), putOpens(kernel, opens, () => left > 0)],
  ])
}

/** NFSv4: a file is put by another thread than the one that opened it, and references are taken silently. */
function* openOrClose(kernel: Machine, task: Task, opens: NfsdFile[], inode: number): Steps {
  const nf = yield* kernel.acquire(task, inode, false)
  if (!nf) return
  if (kernel.random.chance(2)) {
    nf.ref++ // nfsd_file_get()
    opens.push(nf)
  }
  opens.push(nf)
}

function* putOpens(kernel: Machine, opens: NfsdFile[], isLoaded: () => boolean): Steps {
  const task = newTask(kernel)
  while (isLoaded() || opens.length > 0) {
    const nf = opens.shift()
    task.isIdle = false
    if (nf) yield* kernel.put(task, nf)
    kernel.quiesce(task)
    yield
  }
}

/** The laundrette, two passes of it, and what it queues. */
function calmDown(kernel: Machine, builder: TraceBuilder): void {
  const task = newTask(kernel)
  if (kernel.defect !== 'laundrette is never scheduled') {
    for (const ms of [6500, 8500]) {
      builder.at(ms)
      finish(kernel.walkLru(task))
    }
  }
  finish(kernel.disposeQueued(task))
}

function lose(builder: TraceBuilder, random: Random): void {
  builder.beginLate(random.below(builder.rows.length / 2))
  const from = random.below(builder.rows.length)
  builder.lose(random.below(2), from, from + 1 + random.below(200))
}

function newTask(kernel: Machine): Task {
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
function interleave(kernel: Machine, tasks: Map<Task, Steps>): void {
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
