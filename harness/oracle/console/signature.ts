import type { ConsoleLine } from './console-lines.js'
import type { Header } from './header.js'
import { frameOf, framesOf, isHelper, isOfNfsd } from './stack.js'

/**
 * "list_del corruption in nfsd_file_lru_remove": what happened, and the function that is to blame as far as
 * the text tells.
 */
export function signatureOf(header: Header, lines: readonly ConsoleLine[]): string {
  if (header.isComplete) return header.title
  const messages = lines.map(({ message }) => message)
  const where = header.kind === 'lockdep' ? lockedAt(header, messages) : placeOf(header, messages)
  return where === '' ? header.title : `${header.title} in ${where}`
}

/**
 * nfsd's innermost function, because the list, the lock or the counter that noticed is the same for
 * everybody; of a fault also the function that met it.
 */
function placeOf({ kind, title, place }: Header, messages: readonly string[]): string {
  const stack = framesOf(kind === 'rcu' && title === 'RCU stall' ? fromRip(messages) : messages)
  const frames = place ? [place, ...stack] : stack
  const [top, ...callers] = frames.filter((frame) => !isHelper(frame))
  if (!top) return ''
  const nfsd = [top, ...callers].find(isOfNfsd)
  if (meetsFault(kind) && nfsd && nfsd.name !== top.name) return `${top.name} from ${nfsd.name}`
  return (nfsd ?? top).name
}

function meetsFault(kind: Header['kind']): boolean {
  return kind === 'oops' || kind === 'sanitizer'
}

/**
 * A report of an RCU stall may begin with the stack of the grace-period kthread, which is always the same.
 */
function fromRip(messages: readonly string[]): readonly string[] {
  const rip = messages.findIndex((message) => /^(?:RIP: 0010:|pc : )/.test(message))
  return rip < 0 ? [] : messages.slice(rip)
}

/** The function that asks for the lock, or lets it go; of RCU there is none to name, but a stack. */
function lockedAt(header: Header, messages: readonly string[]): string {
  if (!header.title.includes('RCU')) {
    for (const message of messages) {
      const [, name] = /(?:\bat: |^\[<\w+>\] )([\w.]+)\+0x/.exec(message) ?? []
      if (name !== undefined) return frameOf(name).name
    }
  }
  return placeOf(header, messages)
}
