import type { ConsoleLine } from './console-lines.js'
import type { Header } from './headers.js'

interface Frame {
  readonly name: string
  readonly module: string
}

/**
 * "list_del corruption in nfsd_file_lru_remove": what happened, and the function that is to blame as far as
 * the text tells.
 */
export function signatureOf(header: Header, lines: readonly ConsoleLine[]): string {
  if (header.isComplete) return header.title
  const messages = lines.map(({ message }) => message)
  const where = header.kind === 'lockdep' ? lockedAt(messages) : placeOf(header, messages)
  return where === '' ? header.title : `${header.title} in ${where}`
}

/**
 * nfsd's innermost function, because the list, the lock or the counter that noticed is the same for
 * everybody.
 */
function placeOf({ kind }: Header, messages: readonly string[]): string {
  const [top, ...callers] = framesOf(kind === 'rcu' ? fromRip(messages) : messages)
  const nfsd = [top, ...callers].find((frame) => frame?.module === 'nfsd')
  if (!top) return ''
  if (kind === 'oops' && nfsd && nfsd !== top) return `${top.name} from ${nfsd.name}`
  return nfsd?.name ?? top.name
}

/**
 * The instruction pointer's function first, then the call trace; guesses of the unwinder (`? name`) left out.
 */
function framesOf(messages: readonly string[]): Frame[] {
  const frames: Frame[] = []
  for (const message of messages) {
    const [, rip, frame, module = ''] = framePattern.exec(message) ?? []
    const name = (rip ?? frame)?.replace(/\.(?:isra|part|constprop|cold).*$/, '')
    if (name === undefined) continue
    frames.push({ name, module })
  }
  return frames
}

/**
 * A report of an RCU stall may begin with the stack of the grace-period kthread, which is always the same.
 */
function fromRip(messages: readonly string[]): readonly string[] {
  const rip = messages.findIndex((message) => message.startsWith('RIP: 0010:'))
  return rip < 0 ? [] : messages.slice(rip)
}

const framePattern = /^(?:RIP: 0010:([\w.]+)|\s([\w.]+))\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[(\w+)\])?/

function lockedAt(messages: readonly string[]): string {
  for (const message of messages) {
    const [, name] = /\bat: ([\w.]+)\+0x/.exec(message) ?? []
    if (name !== undefined) return name
  }
  return ''
}
