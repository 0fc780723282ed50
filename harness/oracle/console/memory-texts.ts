import { scrub, type Pattern } from './header.js'
import { symbol } from './stack.js'

/**
 * What Linux 5.10 to 7.x says of memory: counters, lists, slabs and the sanitizers. Where a text changed, both
 * forms.
 */
export const memoryTexts: readonly Pattern[] = [
  // lib/refcount.c, lib/list_debug.c: with a WARNING, or before a BUG
  {
    kind: 'refcount',
    role: 'text',
    match: /^refcount_t: (?<what>(?:underflow|saturated|addition|decrement|unknown).*?)\.?$/,
    title: ({ what }) => `refcount_t: ${what ?? ''}`,
  },
  {
    kind: 'list',
    role: 'text',
    match: /^(?<what>list_(?:add|del)) (?:corruption|double add)/,
    title: ({ what }) => `${scrub(what)} corruption`,
  },
  // mm/kasan/report.c, mm/kfence/report.c, kernel/kcsan/report.c, lib/ubsan.c
  {
    kind: 'sanitizer',
    match: new RegExp(`^BUG: KASAN: (?<what>[\\w -]+?) in ${symbol}`),
    title: ({ what }) => `KASAN: ${scrub(what)}`,
  },
  { kind: 'sanitizer', match: /^BUG: KASAN: (?<what>[\w-]+)/, title: ({ what }) => `KASAN: ${scrub(what)}` },
  {
    kind: 'sanitizer',
    match: new RegExp(`^BUG: KFENCE: (?<what>[\\w -]+?) in ${symbol}`),
    title: ({ what }) => `KFENCE: ${scrub(what)}`,
  },
  {
    kind: 'sanitizer',
    match: /^BUG: KCSAN: (?<what>[\w :-]+?) in (?<where>.+)$/,
    title: ({ what, where }) => `KCSAN: ${scrub(what)} in ${scrub(where)}`,
    isComplete: true,
  },
  {
    kind: 'sanitizer',
    role: 'text',
    match: /^UBSAN: (?<what>\S+) in \S+?:\d+:\d+/,
    title: ({ what }) => `UBSAN: ${scrub(what)}`,
  },
  // mm/slub.c, mm/slab_common.c; the text in brackets is 6.12's, which then calls it "Object corrupt"
  {
    kind: 'slub',
    role: 'text',
    match: /^\[(?<what>[\w ]+ overwritten)\] 0x/,
    title: ({ what }) => `slab: ${scrub(what)}`,
    isComplete: true,
  },
  {
    kind: 'slub',
    role: 'text',
    match: /^BUG (?<cache>\S+) \((?:Not tainted|Tainted: [^)]*)\): (?<what>.+)$/,
    title: ({ cache, what }) => `BUG ${cache ?? ''}: ${slabText(what, cache)}`,
    isComplete: true,
  },
  {
    kind: 'slub',
    role: 'text',
    match: /^kmem_cache_destroy (?<cache>\S+): Slab cache still has objects/,
    title: ({ cache }) => `kmem_cache_destroy ${cache ?? ''}: slab cache still has objects`,
    isComplete: true,
  },
  {
    kind: 'slub',
    role: 'text',
    match: /^cache_from_obj: Wrong slab cache\. (?<cache>\S+) but object is from (?<other>\S+)$/,
    title: ({ cache, other }) => wrongCache(cache, other),
  },
  {
    kind: 'slub',
    role: 'text',
    match: /^kmem_cache_free\((?<cache>[^,]+), \S+\): object belongs to different cache (?<other>\S+)$/,
    title: ({ cache, other }) => wrongCache(cache, other),
  },
  // mm/kmemleak.c: the second with /sys/module/kmemleak/parameters/verbose
  {
    kind: 'leak',
    match: /^kmemleak: \d+ new suspected memory leaks/,
    title: 'kmemleak: suspected memory leaks',
    isComplete: true,
  },
  { kind: 'leak', match: /^kmemleak: unreferenced object/, title: 'kmemleak: unreferenced object' },
  // lib/debugobjects.c, kernel/rcu/tree.c, mm/usercopy.c
  {
    kind: 'warning',
    role: 'text',
    match: /^ODEBUG: (?<what>\w+ [\w ]+) \(active state \d+\) (?:object: \S+ )?object type: (?<type>\S+)/,
    title: ({ what, type }) => `ODEBUG: ${scrub(what)} ${type ?? ''}`,
  },
  {
    kind: 'bug',
    role: 'text',
    match: /^(?:rcu: )?\w+\(\): Double-freed CB \S+?->(?<callback>[\w.]+)\+/,
    title: ({ callback }) => `RCU: double-freed callback ${scrub(callback)}`,
    isComplete: true,
  },
  {
    kind: 'bug',
    role: 'text',
    match: /^usercopy: Kernel memory (?<what>exposure|overwrite) attempt/,
    title: ({ what }) => `usercopy: kernel memory ${what ?? ''}`,
  },
]

/** 5.10 and 6.1 name the cache once more. */
function slabText(what = '', cache = ''): string {
  return scrub(what.replace(` in ${cache} on `, ' on '))
}

function wrongCache(cache = '', other = ''): string {
  return `BUG ${cache}: object of ${other}`
}
