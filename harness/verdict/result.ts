/**
 * The result document: `--json` on stdout, and verdict.json in the run folder. Additions keep `schema`,
 * changes raise it.
 */

import type { PctStats } from '../../addon/index.js'

export type VerdictName = 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR'

/** PASS 0, FAIL 1, no verdict 125 (`git bisect run` skips it). */
export type VerdictExit = 0 | 1 | 125

/** Why a verdict is what it is, for programs (a stable code) and for people. */
export interface Reason {
  readonly code: `FCT_${string}`
  readonly message: string
}

export interface KernelIdentity {
  /** As it was asked for: `debian:6.1`. */
  readonly name: string
  /** uname -r */
  readonly release: string
  /** Of provider, packages or commit, patches, configuration and compiler. */
  readonly hash: string
  /** Generation of its file cache, found by probing; `unknown` if none fits. */
  readonly flavour: string
  readonly profile: string
  readonly patches: readonly string[]
  /** What was built for it; null if that failed. */
  readonly build: KernelBuild | null
}

/** Which way a kernel was made, the cheapest that would do. */
export interface KernelBuild {
  /** `package`, `image` (the user's) or `full build` */
  readonly kernel: string
  /** nfsd.ko: `as built` with the kernel, or `rebuilt alone` */
  readonly nfsd: string
  readonly reason: string
}

export interface TargetIdentity {
  readonly kind: string
  /** `kvm` or `tcg` for QEMU; `none` for a real machine. */
  readonly accel: string
}

/** Trace events. Numbers that the target could not tell any more are null. */
export interface EventAccount {
  /** By the ring buffer's own counters. */
  readonly produced: number | null
  /** Decoded on the host. */
  readonly read: number
  /** Overwritten or dropped, by the ring buffer's own counters. */
  readonly lost: number | null
  /** produced - read - lost. */
  readonly unexplained: number | null
}

export interface StressorStats {
  readonly called: number
  /** Of these, how many found something to do. */
  readonly useful: number
  /** Of these, how many overlapped another stressor on the same inode. */
  readonly raced: number
}

export interface ResultFinding {
  readonly rule: string
  /** Stable over runs: findings of one signature are one finding. */
  readonly signature: string
  readonly count: number
  readonly firstGuestSecond: number
  /** Seconds after the load was asked for at which it was told, while the run went on; absent if only its end showed it. */
  readonly liveSecond?: number
  /** `0xffff888004100100#2`: address and generation, as `fctorture check --explain` takes it; absent if none is to blame. */
  readonly object?: string
  readonly evidence: string
}

/** Of strategy pct: what was asked for, and what the module counted. */
export interface ResultPct extends PctStats {
  readonly depth: number
  /** Passes of injection points that a round is to have. */
  readonly steps: number
}

/** What a machine was made to tell that did not talk any more. */
export interface ResultAutopsy {
  /** Below the run folder. */
  readonly folder: string
  /** `registers.txt`, `dmesg.txt`, `vmcore` */
  readonly files: readonly string[]
  /** What could not be had, and why. */
  readonly missing: readonly string[]
  /** Of the trace, by CPU: events that the machine sent, events behind them that nobody has, and pages of its memory behind those. */
  readonly recovered?: readonly {
    readonly cpu: number
    readonly shipped: number
    readonly missed: number
    readonly pages: number
  }[]
  /** The run folder that has the dump of a guest that died of the same. */
  readonly dumpIn?: string
}

export interface ResultDocument {
  readonly schema: 1
  readonly verdict: VerdictName
  readonly exit: VerdictExit
  /** Run folder. */
  readonly run: string
  readonly scenario: string
  readonly seed: number
  readonly kernel: KernelIdentity
  readonly target: TargetIdentity
  /** Of load. */
  readonly guestSeconds: number
  readonly events: EventAccount
  readonly stressors: Readonly<Record<string, StressorStats>>
  /** By pair, `close*acquire`: how often one began while the other was inside the same inode. */
  readonly exposure: Readonly<Record<string, number>>
  readonly rules: {
    readonly applied: readonly string[]
    readonly notApplied: readonly { readonly id: string; readonly reason: string }[]
  }
  readonly findings: readonly ResultFinding[]
  /** Of the judge that hears the run while it goes on. The one at its end has the last word. */
  readonly live: {
    /** Why it gave up; null if it did not. */
    readonly gaveUp: string | null
    /** Signatures that it told, and that are no findings in the end. */
    readonly withdrawn: readonly string[]
  }
  /** Absent with strategy random. */
  readonly pct?: ResultPct
  /** Absent if the guest told everything itself. */
  readonly autopsy?: ResultAutopsy
  /** Empty for a PASS. */
  readonly reasons: readonly Reason[]
}
