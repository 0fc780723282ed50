import { shellComment, shellWord } from '../shell-word.js'

/** How a shell sees that a finding has shown itself. */
interface Witness {
  /** Lines before the load: the process $reader, which prints what it shows by and says so by USR1 at once. */
  readonly start: readonly string[]
  /** Lines after it, when it has not shown. */
  readonly end: readonly string[]
}

/** A count that nfsd's own tracepoints tell wrong: `ref=` stands in each of them. */
const counts: Readonly<Record<string, { readonly event: RegExp; readonly right: string }>> = {
  // The loser of two that open one file frees its own at 1 (nfsd_file_do_acquire() since 6.12): never opened, never unhashed.
  'free-at-zero': { event: /^(nfsd_file_free)\b/, right: ' ref=0 |=HASHED[|]PENDING' },
  'use-at-zero': { event: /^(nfsd_\w+) at zero/, right: ' ref=[1-9]' },
  'dispose-at-zero': { event: /^(nfsd_\w+) while held/, right: ' ref=0 ' },
}

/** By the console, by nfsd's tracepoints; what takes the oracle to see is left to `fctorture check`. */
export function witnessOf(signature: string): Witness {
  const [, rule = '', path = ''] = /^([^:]+): (.*)$/s.exec(signature) ?? []
  const count = counts[rule]
  const event = count?.event.exec(path)?.[1]
  if (count !== undefined && event !== undefined) return byTracepoint(event, count.right)
  return rule === 'console-splat' ? byConsole(path) : byOracle(rule)
}

const otherSplats = 'dmesg | grep -E "BUG|WARNING:|Oops|refcount_t"'
const stopReader = 'pkill -P $reader; kill $reader 2> /dev/null'

function byTracepoint(event: string, right: string): Witness {
  return {
    start: [
      'trace=/sys/kernel/tracing/instances/repro',
      'mkdir -p $trace; echo 16384 > $trace/buffer_size_kb',
      '# A kernel that dies of it prints what is in the first of these.',
      'echo 16 > /sys/kernel/tracing/buffer_size_kb; echo 1 > /proc/sys/kernel/ftrace_dump_on_oops',
      'for folder in /sys/kernel/tracing $trace; do',
      `  echo 1 > $folder/events/nfsd/${event}/enable || die "no such tracepoint"`,
      'done',
      `(grep -E -v -m 1 -e '${right}' -e LOST $trace/trace_pipe && kill -USR1 $$) & reader=$!`,
    ],
    end: [
      otherSplats,
      `${stopReader}; rmdir $trace; echo 0 > /sys/kernel/tracing/events/nfsd/${event}/enable`,
    ],
  }
}

function byConsole(title: string): Witness {
  return {
    start: [
      'dmesg -C',
      `(until dmesg | grep -F -m 1 -e ${shellWord(title)}; do sleep 1; done; kill -USR1 $$) & reader=$!`,
    ],
    end: [otherSplats, stopReader],
  }
}

function byOracle(rule: string): Witness {
  return {
    start: [
      shellComment(
        `The rule ${rule} needs more than a shell can see: judge the recording by "fctorture check $log".`,
      ),
      'log=${TMPDIR:-/tmp}/reproducer.dat',
      'trace-cmd record -q -C counter -e fctorture -e "nfsd:nfsd_file_*" -o "$log" > /dev/null 2>&1 & reader=$!',
      'sleep 2',
    ],
    end: ['kill -INT $reader; wait $reader; echo "recorded in $log"'],
  }
}
