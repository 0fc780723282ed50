/** A function on a stack. */
export interface Frame {
  /** Without what the compiler adds to it. */
  readonly name: string
  /** '' for the kernel's own. */
  readonly module: string
}

/** %pS, with the build id that CONFIG_STACKTRACE_BUILD_ID puts behind the module. */
export const symbol = String.raw`(?<name>[\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(?<module>\w+)(?: [0-9a-f]+)?\])?`

export function frameOf(name: string, module = ''): Frame {
  return { name: name.replace(/\.(?:isra|part|constprop|cold|llvm).*$/, ''), module }
}

const framePatterns = [
  new RegExp(String.raw`^(?:RIP: 0010:|pc : | )${symbol}`),
  // mm/kmemleak.c, with an address in 5.10 and 6.1
  new RegExp(String.raw`^kmemleak: +(?:\[<\w+>\] )?${symbol}`),
  // kernel/workqueue.c: the work that a pool is stuck in, and the one that left something behind
  /^\s+(?:in-flight: \d+:|last function: |preempt=.* workfn=)(?<name>[\w.]+)(?: \[(?<module>\w+)\])?/,
]

/**
 * The stack that a report is about: the instruction pointer's function first, then the call trace. Guesses of
 * the unwinder (`? name`) are left out, and so are the stacks that follow, of an allocation or of a free.
 */
export function framesOf(messages: readonly string[]): Frame[] {
  const frames: Frame[] = []
  for (const message of messages) {
    if (frames.length > 0 && historyBegins.test(message)) break
    const { name, module } = matchFrame(message) ?? {}
    if (name !== undefined) frames.push(frameOf(name, module))
  }
  return frames
}

const historyBegins =
  /^(?:Allocated by|Freed by|Last potentially related|Second to last potentially)|^(?:allocated|freed) by task/

function matchFrame(message: string): Readonly<Record<string, string>> | undefined {
  for (const pattern of framePatterns) {
    const match = pattern.exec(message)
    if (match) return match.groups
  }
  return undefined
}

/** Functions that notice, print, wait, allocate or call for everybody: they do not say where. */
export function isHelper({ name }: Frame): boolean {
  return helper.test(name)
}

/** Also where nfsd is no module. */
export function isOfNfsd({ name, module }: Frame): boolean {
  return module === 'nfsd' || (module === '' && name.startsWith('nfsd'))
}

const helpers: Readonly<Record<string, string>> = {
  faults: 'die\\w*|exc_\\w+|asm_\\w+|handle_bug|report_bug|warn_slowpath_\\w+|panic|stack_chk_fail',
  prints: 'dump_stack(?:_lvl)?|show_\\w+|print_\\w+|nmi_\\w+|trigger_\\w+|rcu_dump_cpu_stacks',
  sanitizers: '(?:kasan|kfence|kcsan|ubsan|asan|tsan|hwasan)_\\w+|check_region_inline|instrument_\\w+',
  checks:
    'list_(?:add|del_entry)_valid(?:_or_report)?|refcount_\\w+|debug_(?:print|object|check)_\\w+|ftrace_\\w+',
  copies:
    'mem(?:cpy|set|move|cmp)(?:_\\w+)?|usercopy_abort|check_heap_object|check_object_size|fortify_panic',
  waits: 'might_(?:sleep|resched|fault)|cond_resched|(?:io_)?schedule(?:_\\w+)?|bit_wait\\w*|wait_woken',
  waitsFor: '(?:out_of_line_)?wait_(?:on|for)_\\w+|(?:mutex|down|up|rwsem|rt_mutex)_\\w+|down',
  locks: '(?:do_)?raw_(?:spin|read|write)_\\w+|(?:native_)?queued_\\w+|spin_(?:bug|dump)|rwlock_bug',
  lockdep: 'lock_(?:acquire|release|acquired)|lockdep_\\w+|check_noncircular|register_lock_class',
  allocates:
    'pcpu_alloc\\w*|kmem_cache_\\w+|kmalloc\\w*|kfree|slab_\\w+|cache_(?:alloc|free)_\\w+|memcg_\\w+',
  slub: 'object_err|check_object|check_\\w+_and_report|(?:alloc|free)_debug_processing|free_to_partial_list',
  calls: 'nfsd|nfsd_dispatch',
}

const helper = new RegExp(`^_*(?:${Object.values(helpers).join('|')})$`)
