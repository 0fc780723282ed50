import type { Rule } from './rule.js'
import { codes, type Tracepoint } from './operations.js'

/**
 * The rules that can be judged by nfsd's own events, which do not tell the nfsd_file, and the events of which a trace must have at
 * least one, because a trace-cmd that was told to record others is no proof of anything.
 *
 * The first three look at one event and at no other: at nf_ref and the flags in it. A struct file is then only a name for what the
 * task did before. put-without-acquire holds with the struct file as its key: a task that has acquired an nfsd_file holds its
 * struct file open until the put, so that nobody else has one at the same address meanwhile.
 *
 * No other rule has a key that is sound: by (inode, nf_file) and by inode they cried wolf thousands of times in a sound run
 * of 6.1.192. What has no struct file, because its open failed, is not judged.
 */
const witnesses: Readonly<Record<string, readonly Tracepoint[]>> = {
  'free-at-zero': ['nfsd_file_free'],
  'use-at-zero': ['nfsd_file_put'],
  'dispose-at-zero': ['nfsd_file_closing', 'nfsd_file_gc_disposed'],
  'put-without-acquire': ['nfsd_file_acquire'],
}

/** Why a rule cannot be applied to nfsd's own events; undefined if it can, as far as identity goes. */
export function whyNotWithoutIdentity(rule: Rule, recorded: ReadonlySet<number>): string | undefined {
  if (rule.flavours === 'any') return undefined
  const witness = witnesses[rule.id]
  if (witness === undefined)
    return "the trace does not tell which nfsd_file an event is of: it has nfsd's own events, not the test module's"
  return witness.some((name) => recorded.has(codes[name]))
    ? undefined
    : `the trace has no ${witness.join(' or ')}`
}
