import type { Splat } from '../console/splat.js'
import { parseSlabs } from '../leftovers.js'
import type { BrokenOnPaper, PaperRule } from '../rule.js'

/**
 * More than SLUB's free objects in the slabs of two CPUs and what a few processes hold; a leak per cached file
 * makes thousands.
 */
const growthLimit = 2000

/** Caches of the whole kernel. */
const shared = [
  ['filp', 'struct file'],
  ['cred_jar', 'struct cred'],
] as const

/** When nfsd has stopped, it has given back entries, marks, struct files and credentials. */
export const resourceLeak: PaperRule = {
  id: 'resource-leak',
  kind: 'reconciliation',
  flavours: 'any',
  needs: ['leftovers'],
  sound: `nfsd_file_cache_shutdown() frees all entries, waits for RCU (rcu_barrier()) and for the marks
    (fsnotify_wait_marks_destroyed()) and destroys both caches: kmem_cache_destroy() complains and leaves a
    cache in /proc/slabinfo only if it has objects left. struct file and struct cred have caches of the whole
    kernel; the processes after the run are those before it, so only a growth of more than
    ${String(growthLimit)} objects counts: SLUB counts free objects in slabs of a CPU as used, a few hundred,
    and those in the quarantine of KASAN, any number: with KASAN these two are not looked at.
    A file system that nobody exports or mounts any more can be unmounted, when all that nfsd had open there is
    closed: the module is gone by then, and with it its targets.`,
  *judge({ splats, leftovers, hasQuarantine }) {
    for (const splat of splats) yield* leftInCache(splat)
    if (!leftovers) return
    const before = parseSlabs(leftovers.slabsBefore)
    const after = parseSlabs(leftovers.slabsAfter)
    for (const name of ['nfsd_file', 'nfsd_file_mark']) {
      const left = after.get(name) ?? 0
      if (left > 0)
        yield found(`${name} left`, `${String(left)} objects of ${name} are left`, leftovers.slabsAfter)
    }
    for (const [name, what] of hasQuarantine ? [] : shared) {
      const more = (after.get(name) ?? 0) - (before.get(name) ?? Infinity)
      if (more > growthLimit)
        yield found(
          `${what} leaked`,
          `${String(more)} more objects of ${name} than before`,
          leftovers.slabsAfter,
        )
    }
    for (const folder of leftovers.busy)
      yield found('file system busy', `${folder} is busy, though nobody uses it`, '')
  },
}

/** The kernel says it itself, also where the guest could not tell us any more. */
function* leftInCache({ text, second }: Splat): Iterable<BrokenOnPaper> {
  const [, name] = /(?:Objects remaining in |kmem_cache_destroy )(nfsd_file(?:_mark)?)\b/.exec(text) ?? []
  if (name !== undefined) yield { path: `${name} left`, second, evidence: text }
}

function found(path: string, says: string, text: string): BrokenOnPaper {
  return { path, second: 0, evidence: `${says} after nfsd had stopped\n${text}`.trimEnd() }
}
