import { join } from 'node:path'
import { execa } from 'execa'

/**
 * `trace-cmd record` insists on the function tracer's files, which a kernel whose ftrace has shut itself off refuses. No test
 * traces functions, so that files of our own take their place, in a mount name space that ends with the recording. One records
 * at a time: whatever it records, trace-cmd resets the top instance.
 */
const script = `
set -e
instance=$1 folder=$2
shift 2
exec 9> "\${TMPDIR:-/tmp}/fct-trace-cmd-record"
flock 9
mount --make-rprivate /
# trace-cmd would rather take the tracefs that stands in there since somebody looked.
umount --quiet --lazy --recursive /sys/kernel/debug || true
test -e /sys/kernel/tracing/trace || mount -t tracefs nodev /sys/kernel/tracing
tracing=/sys/kernel/tracing
echo 1 > "$folder/ftrace_enabled"
mount --bind "$folder/ftrace_enabled" /proc/sys/kernel/ftrace_enabled
leave() {
  test -z "$instance" || test ! -e $tracing/instances/$instance && return
  umount $tracing/instances/$instance/set_ftrace_*
  rmdir $tracing/instances/$instance
}
trap leave EXIT
test -z "$instance" || mkdir $tracing/instances/$instance
for where in $tracing \${instance:+$tracing/instances/$instance}; do
  for name in set_ftrace_filter set_ftrace_notrace set_ftrace_pid set_ftrace_notrace_pid; do
    : > "$folder/function_file"
    mount --bind "$folder/function_file" $where/$name
  done
done
trace-cmd record -q "$@"
`

export interface Recording {
  /** Folder for the recording and for what it leaves beside it. */
  readonly folder: string
  /** Options of trace-cmd record. */
  readonly args: readonly string[]
  /** A tracing instance that is made for it and removed afterwards; `-B` among the options names it. */
  readonly instance?: string
  /** What is traced; a shell's script. */
  readonly command: string
}

/** What `trace-cmd record` records of this host's kernel. */
export async function recordTrace({ folder, args, instance = '', command }: Recording): Promise<string> {
  const path = join(folder, 'recorded.dat')
  const record = ['sh', instance, folder, ...args, '-o', path, 'sh', '-c', command]
  await execa('unshare', ['--mount', 'sh', '-c', script, ...record])
  return path
}
