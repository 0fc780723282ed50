import type { Splat } from '../console/splat.js'
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
    of modules) matches none of them. There are four exceptions, which count only if they name nfsd: KCSAN
    also reports races that the rest of the kernel is known to bear, kmemleak guesses, an emulator (TCG) now
    and then runs into the int3 that the kernel puts where it patches itself, and a guest may have trouble of
    its own with booting, before there was anything to test.`,
  *judge({ splats, bootedAt }) {
    for (const splat of splats) {
      if (!isElsewhere(splat, bootedAt))
        yield { path: splat.signature, second: splat.second, evidence: splat.text }
    }
  },
}

/**
 * One of the exceptions, which does not name nfsd.
 *
 * @param bootedAt When the module came in, seconds since boot.
 */
export function isElsewhere({ kind, signature, second }: Splat, bootedAt: number): boolean {
  const isException = second < bootedAt || kind === 'leak' || /^(KCSAN: data-race in |int3)/.test(signature)
  return isException && !/\bnfsd|\[nfsd\]/.test(signature)
}
