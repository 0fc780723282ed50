import { scrub, type Pattern } from './header.js'

/** What Linux 5.10 to 7.x says of locks, of contexts and of waiting too long. */
export const lockTexts: readonly Pattern[] = [
  // kernel/locking/lockdep.c, kernel/rcu/update.c
  {
    kind: 'lockdep',
    match:
      /^WARNING: (?<what>possible (?:circular locking|irq lock inversion) dependency detected|possible recursive locking detected|\S+-safe -> \S+-unsafe lock order detected|inconsistent lock state|bad (?:unlock balance|contention) detected|held lock freed|lock held when returning to user space|Nested lock was not taken|chain_key collision)/,
    title: lockdep,
  },
  {
    kind: 'lockdep',
    match: /^WARNING: .+\/\d+ (?<what>still has locks held)/,
    title: lockdep,
  },
  { kind: 'lockdep', match: /^WARNING: (?<what>suspicious RCU usage)/, title: lockdep },
  { kind: 'lockdep', match: /^\[ BUG: (?<what>Invalid wait context) \]/, title: lockdep },
  { kind: 'lockdep', match: /^INFO: (?<what>trying to register non-static key)/, title: lockdep },
  // kernel/watchdog.c, kernel/watchdog_hld.c and _perf.c, kernel/hung_task.c, kernel/workqueue.c, kernel/smp.c
  {
    kind: 'stall',
    match: /^(?:NMI )?watchdog: BUG: soft lockup - CPU#\d+ stuck/,
    title: 'soft lockup',
  },
  {
    kind: 'stall',
    match: /^(?:NMI )?watchdog: (?:CPU\d+: )?Watchdog detected hard LOCKUP/,
    title: 'hard lockup',
  },
  {
    kind: 'stall',
    match: /^INFO: task (?<task>.+):\d+ blocked(?: in I\/O wait)? for more than/,
    title: ({ task }) => `hung task ${taskName(task)}`,
  },
  { kind: 'stall', match: /^BUG: workqueue lockup - pool/, title: 'workqueue lockup' },
  {
    kind: 'stall',
    match: /^smp: csd: Detected non-responsive CSD lock/,
    title: 'CSD lock stuck',
  },
  // kernel/rcu/tasks.h, tree_stall.h, tree_exp.h
  {
    kind: 'rcu',
    match: /^(?:rcu: )?INFO: rcu_tasks\w* detected stall/,
    title: 'RCU tasks stall',
  },
  {
    kind: 'rcu',
    match: /^(?:rcu: )?INFO: \w+ (?:self-)?detected (?:expedited )?stall/,
    title: 'RCU stall',
  },
  // kernel/sched/core.c, kernel/locking/spinlock_debug.c, lib/smp_processor_id.c, kernel/workqueue.c
  {
    kind: 'bug',
    match: /^BUG: (?<what>scheduling (?:while atomic|in a non-blocking section)): /,
    title: ({ what }) => `BUG: ${what ?? ''}`,
  },
  {
    kind: 'bug',
    match: /^BUG: (?<what>using \S+ in preemptible)/,
    title: ({ what }) => `BUG: ${what ?? ''}`,
  },
  {
    kind: 'bug',
    match: /^BUG: (?<what>(?:spinlock|rwlock) [\w -]+?) on CPU#/,
    title: ({ what }) => `BUG: ${what ?? ''}`,
  },
  {
    kind: 'bug',
    match: /^BUG: (?<what>workqueue leaked [^:]+): /,
    title: ({ what }) => `BUG: ${what ?? ''}`,
  },
  {
    kind: 'bug',
    match: /^BUG: (?<what>(?:sleeping function called from|assuming) .+)$/,
    title: ({ what }) => `BUG: ${scrub(what)}`,
  },
]

function lockdep({ what = '' }: Readonly<Record<string, string>>): string {
  return `lockdep: ${what}`
}

/** Workers have numbers that differ from run to run, threads one for a CPU. */
function taskName(task = ''): string {
  return task.replace(/^kworker\/.*$/, 'kworker').replace(/[/:-]\d+$/, '')
}
