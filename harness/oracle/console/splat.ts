export const splatKinds = [
  'warning',
  'bug',
  'oops',
  'refcount',
  'list',
  'sanitizer',
  'slub',
  'leak',
  'lockdep',
  'stall',
  'rcu',
  'panic',
] as const

export type SplatKind = (typeof splatKinds)[number]

/** One report of the kernel about itself, cut out of its console. */
export interface Splat {
  readonly kind: SplatKind
  /** What and where, the same in every run: no addresses, offsets, process ids, CPUs. */
  readonly signature: string
  /** The kernel's time stamp of its first line, seconds since boot; 0 if the console has none. */
  readonly second: number
  /** Lines of the console, from 0, last one included; another CPU's splat may have lines between them. */
  readonly firstLine: number
  readonly lastLine: number
  /** Its own lines, as they are in the console. */
  readonly text: string
}
