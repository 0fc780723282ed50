import { isStep, type LifeStep, type ObjectLife } from '../oracle/object-life.js'
import { formatCount, printable } from './figures.js'

/** Heads of the columns that `lifeRows` fills. */
export const lifeHeads = ['', 'second', 'CPU', 'task', 'operation', 'ref', 'flags', 'list'] as const

/** A row of a life's table, or the number of events that are left out there. */
export type LifeRow =
  { readonly cells: readonly string[]; readonly isBroken: boolean } | { readonly leftOut: string }

/** The table of a life: a text per head; `>` stands before the step that broke the rule. */
export function lifeRows(life: ObjectLife): LifeRow[] {
  return life.parts.map((part) =>
    isStep(part)
      ? { cells: cellsOf(part), isBroken: part.isBroken }
      : { leftOut: describeLeftOut(part.leftOut) },
  )
}

export function describeLeftOut(count: number): string {
  return `${formatCount(count)} event${count === 1 ? '' : 's'} left out`
}

/** "nfsd/212"; the number alone if the trace does not have the name. */
export function taskName({ comm, pid }: Pick<LifeStep, 'comm' | 'pid'>): string {
  return comm === '' ? String(pid) : `${printable(comm)}/${String(pid)}`
}

/** Seconds, or the stamp where the clock counts no time. */
export function timeOf({ second, stamp }: LifeStep): string {
  return second === null ? stamp : second.toFixed(3)
}

/** "0xffff888004100100#2, 31 events, inode 0xffff888005200100" */
export function describeLife({ object, key, count, inode }: ObjectLife): string {
  return `${key} ${object}, ${formatCount(count)} event${count === 1 ? '' : 's'}, inode ${inode}`
}

/**
 * What the task that broke the rule did to the object up to then, the code path as far as events show it:
 * "nfsd/212 on CPU 1: nfsd_file_acquire, nfsd_file_put, nfsd_file_put". Empty if no step is marked.
 */
export function codePath({ parts }: ObjectLife): string {
  const steps = parts.filter(isStep)
  const at = steps.findIndex(({ isBroken }) => isBroken)
  const broken = steps[at]
  if (broken === undefined) return ''
  const own = steps.slice(0, at + 1).filter(({ pid }) => pid === broken.pid)
  const names = own.slice(-longestPath).map(({ operation }) => operation)
  const more = own.length > longestPath ? '..., ' : ''
  return `${taskName(broken)} on CPU ${String(broken.cpu)}: ${more}${names.join(', ')}`
}

const longestPath = 8

function cellsOf(step: LifeStep): string[] {
  return [
    step.isBroken ? '>' : '',
    timeOf(step),
    String(step.cpu),
    taskName(step),
    step.operation,
    String(step.ref),
    step.flags,
    lists[step.list],
  ]
}

const lists = { none: '', LRU: 'LRU', dispose: 'dispose list', unknown: '?' } as const
