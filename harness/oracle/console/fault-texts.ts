import { scrub, sourceName, type Pattern } from './header.js'
import { symbol } from './stack.js'

const site = String.raw`(?:\[.*\] )?(?<file>\S+):(?<line>\d+) `
/** What Linux 5.10 to 7.x says of WARN(), BUG(), faults and panics. */
export const faultTexts: readonly Pattern[] = [
  // kernel/panic.c: __warn(); the second form since 6.18. With CONFIG_DEBUG_BUGVERBOSE_DETAILED the condition
  // stands before the file, without CONFIG_DEBUG_BUGVERBOSE there is no file.
  {
    kind: 'warning',
    role: 'site',
    match: new RegExp(`^WARNING: CPU: \\d+ PID: \\d+ at ${site}(?:${symbol})?`),
    title: atLine('WARNING'),
  },
  {
    kind: 'warning',
    role: 'site',
    match: new RegExp(`^WARNING: ${site}at (?:${symbol})?`),
    title: atLine('WARNING'),
  },
  {
    kind: 'warning',
    role: 'site',
    match: new RegExp(`^WARNING: (?:CPU: \\d+ PID: \\d+ )?at ${symbol}`),
    title: 'WARNING',
  },
  // lib/bug.c
  {
    kind: 'bug',
    role: 'site',
    match: /^kernel BUG at (?<file>\S+):(?<line>\d+)!/,
    title: atLine('kernel BUG'),
  },
  { kind: 'bug', role: 'site', match: new RegExp(`^[Kk]ernel BUG at ${symbol}`), title: 'kernel BUG' },
  // arch/x86/mm/fault.c, arch/x86/kernel/traps.c; arch/arm64/mm/fault.c
  {
    kind: 'oops',
    match: /^(?:BUG: kernel|Unable to handle kernel) NULL pointer dereference/,
    title: 'NULL pointer dereference',
  },
  {
    kind: 'oops',
    match: /^(?:BUG: unable|Unable) to handle (?:kernel )?(?:page fault|paging request)/,
    title: 'page fault',
  },
  { kind: 'oops', match: /^(?:Oops: )?general protection fault/, title: 'general protection fault' },
  { kind: 'oops', match: /^(?:traps: )?PANIC: double fault/, title: 'double fault' },
  { kind: 'oops', match: /^BUG: .*stack guard page was hit/, title: 'stack guard page hit' },
  {
    kind: 'oops',
    role: 'detail',
    match: /^KASAN: (?<what>.+?) in range/,
    title: ({ what }) => `KASAN: ${scrub(what)}`,
  },
  // arch/x86/kernel/dumpstack.c: __die_header(), with "Oops: " before the name since 6.10; arch/arm64: die()
  {
    kind: 'oops',
    role: 'die',
    match: /^(?:Oops: |Internal error: )?(?<what>[A-Za-z][^:[]*): [0-9a-f]{4,16} \[#\d+\]/,
    title: ({ what }) => scrub(what),
  },
  // fs/super.c, fs/open.c, fs/dcache.c: what unmounting and closing find, since 6.x within a WARN()
  {
    kind: 'bug',
    role: 'text',
    match: /^VFS: Busy inodes after unmount/,
    title: 'VFS: busy inodes after unmount',
  },
  { kind: 'bug', role: 'text', match: /^VFS: Close: file count is 0/, title: 'VFS: close: file count is 0' },
  { kind: 'bug', role: 'text', match: /^BUG: Dentry .* still in use/, title: 'BUG: dentry still in use' },
  // kernel/trace/ftrace.c, mm/page_alloc.c, mm/memory.c, kernel/fork.c
  { kind: 'bug', role: 'text', match: /^-+\[ ftrace bug \]-+$/, title: 'ftrace bug' },
  {
    kind: 'bug',
    match: /^BUG: (?<what>Bad (?:page state|page map|page cache|rss-counter state))/,
    title: ({ what }) => `BUG: ${what ?? ''}`,
  },
  {
    kind: 'bug',
    role: 'text',
    isLoose: true,
    // lockdep's own tables are too small, and its tests of itself: no defect of what it looks at
    match: /^BUG: (?!MAX_\w+ too low|\s*\d+ unexpected failures)(?<what>.+)$/,
    title: ({ what }) => `BUG: ${scrub(what)}`,
  },
  {
    kind: 'panic',
    role: 'panic',
    match: /^Kernel panic - not syncing: (?<why>.+)$/,
    title: ({ why }) => `Kernel panic: ${scrub(why)}`,
    isComplete: true,
  },
]

function atLine(what: string): Pattern['title'] {
  return ({ file, line }) => `${what} at ${sourceName(file)}:${line ?? ''}`
}
