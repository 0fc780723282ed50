import { shellComment, shellWord } from '../shell-word.js'

/** How a shell sees that a finding has shown itself. */
interface Witness {
  /** Lines before the load: the process $reader, which tells the script by USR1 as soon as $log has what it shows by. */
  readonly start: readonly string[]
  /** Lines that end the script in any case; a trap may run them. */
  readonly judge: readonly string[]
}

/** A count that nfsd's own tracepoints tell wrong: `ref=` stands in each of them. */
const counts: Readonly<Record<string, { readonly event: RegExp; readonly right: string }>> = {
  // PENDING: the loser of two that open one file frees its own at 1 (nfsd_file_do_acquire() since 6.12).
  'free-at-zero': { event: /^(nfsd_file_free)\b/, right: ' ref=0 |PENDING' },
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

const stopReader = 'pkill -P $reader; kill $reader 2> /dev/null'
const byLog = '[ ! -s "$log" ] || { cat "$log"; exit 1; }'

function byTracepoint(event: string, right: string): Witness {
  return {
    start: [
      'trace=/sys/kernel/tracing/instances/repro',
      'mkdir -p $trace; echo 16384 > $trace/buffer_size_kb',
      `echo 1 > $trace/events/nfsd/${event}/enable || die "no such tracepoint"`,
      `(grep -E -v -m 1 -e '${right}' -e LOST $trace/trace_pipe > "$log" && kill -USR1 $$) & reader=$!`,
    ],
    judge: [`${stopReader}; rmdir $trace`, byLog, 'exit 0'],
  }
}

function byConsole(title: string): Witness {
  return {
    start: [
      'dmesg -C',
      `(until dmesg | grep -F -m 1 -e ${shellWord(title)} > "$log"; do sleep 1; done; kill -USR1 $$) & reader=$!`,
    ],
    judge: [stopReader, byLog, 'dmesg | grep -E "BUG:|WARNING:|Oops|refcount_t"; exit 0'],
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
