/** What of the kernel's resources was there before the load and after nfsd had stopped. */
export interface Leftovers {
  /** Lines of /proc/slabinfo; empty if there is none. */
  readonly slabsBefore: string
  readonly slabsAfter: string
  /** Exported file systems that could not be unmounted because something in them was open. */
  readonly busy: readonly string[]
}

/** Objects in use by cache, from lines of /proc/slabinfo (mm/slab_common.c, cache_show()). */
export function parseSlabs(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\S+) +(\d+) +\d+ +\d+ +\d+ +\d+ : /gm)
  return new Map(Array.from(lines, ([, name = '', objects = '']) => [name, Number(objects)]))
}
