import type { SplatKind } from './splat.js'

/** The line by which a splat is known. */
export interface Header {
  readonly kind: SplatKind
  readonly title: string
  /**
   * Of two headers of one splat the higher rank names it: "refcount_t: underflow" says more than the WARNING
   * around it.
   */
  readonly rank: number
  /** Whether the title alone tells the place, or the place is of no account (the detector's own stack). */
  readonly isComplete: boolean
}

interface Pattern {
  readonly kind: SplatKind
  readonly rank: number
  readonly isComplete?: boolean
  readonly match: RegExp
  readonly title: (groups: readonly string[]) => string
}

/** Texts of Linux 5.10 to 7.x; where they changed, both forms. */
const patterns: readonly Pattern[] = [
  // lib/refcount.c, lib/list_debug.c: within a WARNING or a BUG
  {
    kind: 'refcount',
    rank: 3,
    match: /^refcount_t: (.+?)\.?$/,
    title: ([what]) => `refcount_t: ${what ?? ''}`,
  },
  {
    kind: 'list',
    rank: 3,
    match: /^(list_(?:add|del)) (?:corruption|double add)/,
    title: ([what]) => `${what ?? ''} corruption`,
  },
  // kernel/panic.c: __warn(); the second form since 6.18
  {
    kind: 'warning',
    rank: 2,
    match: /^WARNING: CPU: \d+ PID: \d+ at (\S+):(\d+) ([\w.]+)\+\S+ \[nfsd\]/,
    title: ([file = '', line = '', name = '']) => `WARNING at ${file}:${line} in ${name}`,
    isComplete: true, // which also holds if another CPU's lines stand between this and its call trace
  },
  { kind: 'warning', rank: 2, match: /^WARNING: CPU: \d+ PID: \d+ at (\S+):(\d+)/, title: atLine('WARNING') },
  { kind: 'warning', rank: 2, match: /^WARNING: (\S+):(\d+) at \S+\+0x/, title: atLine('WARNING') },
  { kind: 'bug', rank: 2, match: /^kernel BUG at (\S+):(\d+)!/, title: atLine('kernel BUG') },
  // mm/kasan/report.c, kernel/kcsan/report.c, lib/ubsan.c
  {
    kind: 'sanitizer',
    rank: 3,
    match: /^BUG: KASAN: (\S+) in (\S+)/,
    title: sanitizer('KASAN'),
    isComplete: true,
  },
  { kind: 'sanitizer', rank: 3, match: /^KASAN: (\S+) in range/, title: ([what]) => `KASAN: ${what ?? ''}` },
  {
    kind: 'sanitizer',
    rank: 3,
    match: /^BUG: KCSAN: (\S+) in (.+)$/,
    title: sanitizer('KCSAN'),
    isComplete: true,
  },
  { kind: 'sanitizer', rank: 3, match: /^UBSAN: (\S+) in (\S+?):\d+:\d+/, title: sanitizer('UBSAN') },
  // mm/slub.c, mm/slab_common.c
  { kind: 'slub', rank: 3, match: /^BUG (\S+) \(.*?\): (.+)$/, title: slub, isComplete: true },
  {
    kind: 'slub',
    rank: 3,
    match: /^kmem_cache_destroy (\S+): Slab cache still has objects/,
    title: ([cache]) => `kmem_cache_destroy ${cache ?? ''}: slab cache still has objects`,
    isComplete: true,
  },
  // arch/x86/mm/fault.c, arch/x86/kernel/traps.c, arch/x86/kernel/dumpstack.c
  {
    kind: 'oops',
    rank: 2,
    match: /^BUG: kernel NULL pointer dereference/,
    title: () => 'NULL pointer dereference',
  },
  {
    kind: 'oops',
    rank: 2,
    match: /^BUG: unable to handle (?:kernel )?(?:page fault|paging request)/,
    title: () => 'page fault',
  },
  {
    kind: 'oops',
    rank: 2,
    match: /^(?:Oops: )?general protection fault/,
    title: () => 'general protection fault',
  },
  {
    kind: 'oops',
    rank: 1,
    match: /^(?:Oops: )?([a-z][a-z0-9 ]+): [0-9a-f]{4} \[#\d+\]/,
    title: ([what]) => what ?? '',
  },
  { kind: 'oops', rank: 1, match: /^Oops: /, title: () => 'Oops' },
  // kernel/watchdog.c, kernel/watchdog_hld.c, kernel/hung_task.c, kernel/rcu/tree_stall.h
  {
    kind: 'stall',
    rank: 2,
    match: /^watchdog: BUG: soft lockup - CPU#\d+ stuck/,
    title: () => 'soft lockup',
  },
  {
    kind: 'stall',
    rank: 2,
    match: /^(?:NMI )?watchdog: Watchdog detected hard LOCKUP/,
    title: () => 'hard lockup',
  },
  {
    kind: 'stall',
    rank: 2,
    match: /^INFO: task (.+):\d+ blocked for more than/,
    title: ([task]) => `hung task ${taskName(task)}`,
  },
  {
    kind: 'rcu',
    rank: 2,
    match: /^(?:rcu: )?INFO: rcu\w* (?:self-)?detected (?:expedited )?stall/,
    title: () => 'RCU stall',
  },
  // kernel/locking/lockdep.c, kernel/rcu/update.c
  {
    kind: 'lockdep',
    rank: 2,
    match: /^(?:WARNING|BUG): (.*\b(?:lock|locking|unlock)\b.* (?:detected!?|state|freed!|space!))$/,
    title: lockdep,
  },
  { kind: 'lockdep', rank: 2, match: /^WARNING: (suspicious RCU usage)/, title: lockdep },
  { kind: 'lockdep', rank: 2, match: /^\[ BUG: (Invalid wait context) \]/, title: lockdep },
  { kind: 'lockdep', rank: 2, match: /^INFO: (trying to register non-static key)/, title: lockdep },
  // kernel/sched/core.c and whoever else calls it a BUG
  { kind: 'bug', rank: 2, match: /^BUG: (.+)$/, title: ([what]) => `BUG: ${scrub(what)}` },
  {
    kind: 'panic',
    rank: 0,
    match: /^Kernel panic - not syncing: (.+)$/,
    title: ([why]) => `Kernel panic: ${scrub(why)}`,
    isComplete: true,
  },
]

export function matchHeader(message: string): Header | undefined {
  for (const { kind, rank, match, title, isComplete = false } of patterns) {
    const [whole, ...groups] = match.exec(message) ?? []
    if (whole !== undefined) return { kind, rank, isComplete, title: title(groups) }
  }
  return undefined
}

/** Panics that only say that an earlier splat was enough for the kernel to stop. */
export function isConsequence({ kind, title }: Header): boolean {
  return (
    kind === 'panic' &&
    /fatal exception|panic_on_warn|softlockup|hung_task|RCU Stall|kernel: panic_on/i.test(title)
  )
}

/** Without what differs from run to run: addresses, offsets, numbers of tasks and CPUs. */
function scrub(text = ''): string {
  return text
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\b(?:0x)?[0-9a-f]{8,}\b|\b0x[0-9a-f]+\b/g, 'X')
    .replace(/\b\d+\b/g, 'N')
    .trim()
}

function atLine(what: string): (groups: readonly string[]) => string {
  // A module built out of tree names its sources by absolute path, which is another on every machine.
  return ([file = '', line = '']) =>
    `${what} at ${file.startsWith('/') ? file.slice(file.lastIndexOf('/') + 1) : file}:${line}`
}

function sanitizer(name: string): (groups: readonly string[]) => string {
  return ([what = '', where = '']) => `${name}: ${what} in ${scrub(where)}`
}

function slub([cache = '', what = '']: readonly string[]): string {
  return `BUG ${cache}: ${scrub(what)}`
}

function lockdep([what = '']: readonly string[]): string {
  return `lockdep: ${what.replace(/!$/, '')}`
}

function taskName(task = ''): string {
  return task.replace(/[/:]?\d.*$/, '').replace(/\/u$/, '')
}
