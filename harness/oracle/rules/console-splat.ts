import type { PaperRule } from '../rule.js'

/** The kernel says nothing about itself that it says only when something is broken. */
export const consoleSplat: PaperRule = {
  id: 'console-splat',
  kind: 'console',
  flavours: 'any',
  needs: ['console'],
  sound: `WARN(), BUG(), oopses, KASAN, lockdep, SLUB's and the lists' checks, refcount_t, the stall and
    lock-up detectors and panic() print only for a defect. Only lines that begin as the kernel prints them
    count, with its time stamp if the console has any; what a boot prints in passing (an unstable TSC, taints
    of modules) matches none of them.`,
  *judge({ splats }) {
    for (const { signature, second, text } of splats) yield { path: signature, second, evidence: text }
  },
}
