import { shellComment, shellWord } from '../shell-word.js'

/** How a shell sees that a finding has shown itself. */
interface Witness {
  /** Lines before the load. */
  readonly start: readonly string[]
  /** Lines behind it, that end the script in any case; a trap may run them. */
  readonly judge: readonly string[]
}

/** A count that nfsd's own tracepoints tell wrong: `ref=` stands in each of them. */
const counts: Readonly<Record<string, { readonly event: RegExp; readonly wrong: string }>> = {
  // PENDING: the loser of two that open one file frees its own at 1 (nfsd_file_do_acquire() since 6.12).
  'free-at-zero': { event: /^(nfsd_file_free)\b/, wrong: '!/PENDING/ && !/ ref=0 /' },
  'use-at-zero': { event: /^(nfsd_\w+) at zero/, wrong: '/ ref=(0|-)/' },
  'dispose-at-zero': { event: /^(nfsd_\w+) while held/, wrong: '!/ ref=0 /' },
}

/** By the console, by nfsd's tracepoints; what takes the oracle to see is left to `fctorture check`. */
export function witnessOf(signature: string): Witness {
  const [, rule = '', path = ''] = /^([^:]+): (.*)$/s.exec(signature) ?? []
  const count = counts[rule]
  const event = count?.event.exec(path)?.[1]
  if (count !== undefined && event !== undefined) return byTracepoint(event, count.wrong)
  return rule === 'console-splat' ? byConsole(path) : byOracle(rule)
}

function byTracepoint(event: string, wrong: string): Witness {
  return {
    start: [
      'trace=/sys/kernel/tracing/instances/repro',
      'mkdir -p $trace; echo 16384 > $trace/buffer_size_kb',
      `echo 1 > $trace/events/nfsd/${event}/enable || die "no such tracepoint"`,
      'cat $trace/trace_pipe > "$log" & reader=$!',
    ],
    judge: [
      'sleep 1; kill $reader; rmdir $trace',
      `awk '/ ${event}: / && ${wrong} { print; if (++found == 5) exit } END { exit found > 0 }' "$log"; exit $?`,
    ],
  }
}

function byConsole(title: string): Witness {
  return {
    start: ['dmesg -C'],
    judge: [
      'dmesg > "$log"',
      `grep -F -m 5 -e ${shellWord(title)} "$log" && exit 1`,
      'grep -E "BUG:|WARNING:|Oops|refcount_t" "$log"; exit 0',
    ],
  }
}

function byOracle(rule: string): Witness {
  return {
    start: [
      shellComment(
        `The rule ${rule} needs more than a shell can see: judge the recording by "fctorture check $log.dat".`,
      ),
      'trace-cmd record -q -C counter -e fctorture -e "nfsd:nfsd_file_*" -o "$log.dat" > /dev/null 2>&1 & reader=$!',
      'sleep 2',
    ],
    judge: ['kill -INT $reader; wait $reader; echo "recorded in $log.dat"; exit 0'],
  }
}
