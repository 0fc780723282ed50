import { rm } from 'node:fs/promises'
import type { CellJob, JobEnd, JobListener } from './executor.js'
import { accountOf, cancel, type Element } from './slurm-client.js'
import { bringHome, listEnds, readEnd, type Attempt, type SlurmEnd } from './slurm-spool.js'

/** One job, from when it was handed over. */
export interface Open {
  readonly job: CellJob
  readonly listener: JobListener
  readonly resolve: (end: JobEnd | null) => void
  readonly reject: (error: unknown) => void
}

interface Awaited extends Open {
  /** The last that Slurm knew of it. */
  element?: Element
  /** Since when nothing more comes of it, performance.now(). */
  overSince?: number
}

interface ChosenEnd {
  readonly attempt: Attempt
  readonly end: SlurmEnd
}

/**
 * An array that is out. Slurm begins an element again whose node failed, and the attempt before may yet come to its end: of several the first
 * end that is seen is taken, and what then waits or runs elsewhere of the element is cancelled.
 */
export class SlurmArray {
  readonly #awaited = new Map<number, Awaited>()
  /** The node that each end came from. */
  readonly #settled = new Map<number, string>()

  /** @param graceMs File servers show late what is there: so long an element may be over without an end. */
  constructor(
    readonly name: string,
    readonly folder: string,
    readonly options: { readonly graceMs: number; readonly say: (line: string) => void },
  ) {}

  /** Whether anybody waits for a result of it. */
  get isAwaited(): boolean {
    return this.#awaited.size > 0
  }

  add(index: number, open: Open): void {
    this.#awaited.set(index, { ...open })
  }

  /**
   * Takes what has come.
   *
   * @param elements Of this array; seen before this was called, so that what is over by them has written what it will write.
   * @returns whether nothing is left of the array, its folder included
   */
  async look(elements: readonly Element[]): Promise<boolean> {
    const known = new Map(elements.map((each) => [each.index, each]))
    for (const [index, node] of this.#settled) await cancelOthers(known.get(index), node)
    // Not in the same look as the last end: that has to be in the store before it may be gone here.
    if (this.#awaited.size === 0 && elements.every(({ isOver }) => isOver)) {
      await rm(this.folder, { recursive: true, force: true })
      return true
    }
    const ends = await listEnds(this.folder)
    for (const [index, open] of this.#awaited) {
      const chosen = await choose(this.folder, ends.get(index) ?? [])
      if (chosen !== undefined) {
        this.#settled.set(index, chosen.end.node)
        await bringHome(this.folder, chosen.attempt, chosen.end, open.job).then(open.resolve, open.reject)
      } else if (!(await this.#isLost(open, known.get(index)))) continue
      this.#awaited.delete(index)
    }
    return false
  }

  reject(error: unknown): void {
    for (const { reject } of this.#awaited.values()) reject(error)
    this.#awaited.clear()
  }

  async #isLost(open: Awaited, element: Element | undefined): Promise<boolean> {
    if (element !== undefined) {
      const says = describe(element)
      if (open.element === undefined || says !== describe(open.element)) open.listener.onPhase(says)
      open.element = element
      if (!element.isOver) {
        delete open.overSince
        return false
      }
    }
    open.overSince ??= performance.now()
    if (performance.now() - open.overSince < this.options.graceMs) return false
    // It may be held, and be let go.
    if (element !== undefined) await cancel(element.id)
    const { job, element: last } = open
    const how = last === undefined ? 'Slurm knows nothing of it' : (await accountOf(last)) || describe(last)
    this.options.say(`slurm: nothing came of ${job.cell.scenario}, seed ${String(job.options.seed)}: ${how}`)
    open.resolve(null)
    return true
  }
}

async function cancelOthers(element: Element | undefined, node: string): Promise<void> {
  if (element !== undefined && !element.isOver && element.node !== node) await cancel(element.id)
}

/** Of ends that are seen together a FAIL goes first, and an ERROR last. */
async function choose(folder: string, attempts: readonly Attempt[]): Promise<ChosenEnd | undefined> {
  const ends: ChosenEnd[] = []
  for (const attempt of attempts) {
    const end = await readEnd(folder, attempt).catch(() => undefined)
    if (end !== undefined) ends.push({ attempt, end })
  }
  return (
    ends.find(({ end }) => end.result.verdict === 'FAIL') ??
    ends.find(({ end }) => end.result.verdict !== 'ERROR') ??
    ends[0]
  )
}

/** "RUNNING on n1", "PENDING: Resources" */
function describe({ state, node, reason }: Element): string {
  if (node !== '') return `${state} on ${node}`
  return reason === '' || reason === 'None' ? state : `${state}: ${reason}`
}
