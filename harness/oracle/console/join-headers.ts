import type { Header } from './header.js'
import type { SplatKind } from './splat.js'

/** Kinds that come to a fault of the CPU, and so to die(). */
const endInFault: readonly SplatKind[] = ['bug', 'oops', 'list', 'slub', 'refcount']

/**
 * What names a splat that was known by `earlier`, or by "cut here" alone, and that meets `later` before its
 * registers and calls; undefined if `later` is another splat's. The kind never changes: a console that ends
 * between the two tells the same.
 */
export function joinHeaders(earlier: Header | undefined, later: Header): Header | undefined {
  if (!earlier) return later.role === 'report' || later.role === 'panic' ? undefined : later
  switch (later.role) {
    case 'site':
      return earlier.role === 'text' ? { ...earlier, role: 'site' } : undefined
    case 'die':
      return earlier.role !== 'die' && endInFault.includes(earlier.kind)
        ? { ...earlier, role: 'die' }
        : undefined
    case 'detail':
      return earlier.kind === 'oops' ? { ...earlier, title: `${earlier.title}, ${later.title}` } : undefined
    case 'text':
      return nameOverwritten(earlier, later)
    default:
      return undefined
  }
}

const generalText = 'Object corrupt'

/** mm/slub.c since 6.12 says what was overwritten in the line before the cache's name. */
function nameOverwritten(earlier: Header, later: Header): Header | undefined {
  const what = /^slab: (.+ overwritten)$/.exec(earlier.title)?.[1]
  if (what === undefined || !later.title.endsWith(`: ${generalText}`)) return undefined
  return { ...later, title: later.title.replace(generalText, what) }
}
