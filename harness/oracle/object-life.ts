/** One event of an object's life, spelled for people. */
export interface LifeStep {
  readonly row: number
  /** Guest seconds since boot; null if the trace's clock counts no time. */
  readonly second: number | null
  /** The ring buffer's own stamp, by which a trace's report can be searched. */
  readonly stamp: string
  readonly cpu: number
  readonly pid: number
  /** Name of the task; '' if the trace does not have it. */
  readonly comm: string
  /** The tracepoint. */
  readonly operation: string
  /** nf_ref as sampled by the tracepoint, which may run before or after the operation. */
  readonly ref: number
  /** By name, joined with |; bits without a name in hex. */
  readonly flags: string
  /** Where the event leaves it, as far as the events so far tell. */
  readonly list: ObjectList
  readonly isBroken: boolean
}

/** `unknown` also where nothing is known of the flavour. */
export type ObjectList = 'none' | 'LRU' | 'dispose' | 'unknown'

/** Events that are not shown. */
export interface LeftOut {
  readonly leftOut: number
}

/** What a trace shows of one object from its birth on, in order. */
export interface ObjectLife {
  /** `0xffff888004100100#2`: the second life at this address that the trace shows; #0 had begun before it. */
  readonly object: string
  /** What the address is of: where the trace does not tell the nfsd_file, its struct file stands in. */
  readonly key: ObjectKey
  readonly inode: string
  readonly count: number
  readonly parts: readonly (LifeStep | LeftOut)[]
}

export type ObjectKey = 'nfsd_file' | 'struct file'

/** Steps of a long life that are shown at its begin, before and behind the broken step, and at its end. */
const shown = { begin: 30, before: 40, behind: 10, end: 20 }

/** Whether step `index` of `count` is shown; all are if there are few enough. `broken` is -1 if none is. */
export function isShown(index: number, count: number, broken: number): boolean {
  if (count <= shown.begin + shown.before + shown.behind + shown.end) return true
  const isNearBroken = broken >= 0 && index > broken - shown.before && index <= broken + shown.behind
  return index < shown.begin || index >= count - shown.end || isNearBroken
}

export function isStep(part: LifeStep | LeftOut): part is LifeStep {
  return 'row' in part
}
