import { facts } from './facts.js'
import type { Flavour } from './flavours/flavour.js'
import { codeCount, codeSet, type Tracepoint } from './operations.js'
import { lifeWords, wasteWord } from './records.js'

/**
 * What an operation does to the records of its object and its task, as one word by code. The facts `queued` and
 * `under writeback` are their own bits.
 */
export const effectBits = {
  /** The word of the object's record that gets the time: `touchedMs`, or the waste. */
  touched: 15,
  /** The task gets a reference, or gives one up. */
  settles: 1 << 4,
  /** nfsd_file_do_acquire() has gone another way than that to a refused lease. */
  constructs: 1 << 5,
  leavesLru: 1 << 9,
  /** Behind it its task may list the object, or take it off the LRU. */
  handles: 1 << 10,
  /** It may stand before its task's nfsd_file_lru_add (Flavour.precedeLruAdd). */
  mayList: 1 << 11,
} as const

/** They leave alone what they find: who is seen in them is not in use. */
const bystanders: readonly Tracepoint[] = [
  'nfsd_file_unhash',
  'nfsd_file_gc_writeback',
  'nfsd_file_gc_referenced',
  'nfsd_file_gc_aged',
  'nfsd_file_gc_hashed',
]

const handles: readonly Tracepoint[] = ['nfsd_file_unhash', 'nfsd_file_put', 'nfsd_file_lru_add']

const constructs: readonly Tracepoint[] = [
  'nfsd_file_alloc',
  'nfsd_file_open',
  'nfsd_file_opened',
  'nfsd_file_cons_err',
]

/** By code. */
export function effectsOf({ leaveLru, atZero, precedeLruAdd }: Flavour): Int32Array {
  const effects = new Int32Array(codeCount)
  const add = (names: readonly Tracepoint[], bits: number, others = 0): void => {
    codeSet(names).forEach(
      (isOne, code) => (effects[code] = (effects[code] ?? 0) | (isOne === 1 ? bits : others)),
    )
  }
  add(bystanders, wasteWord, lifeWords.touchedMs)
  add(['nfsd_file_acquire', 'nfsd_file_put'], effectBits.settles)
  add(constructs, effectBits.constructs)
  add(leaveLru, effectBits.leavesLru)
  add(atZero, facts.queued)
  add(['nfsd_file_gc_writeback'], facts['under writeback'])
  add(handles, effectBits.handles)
  // What is not judged may stand anywhere, as nfsd_file_get() does between nfsd_file_unhash and the LRU.
  effects[0] = (effects[0] ?? 0) | effectBits.handles
  add(precedeLruAdd, effectBits.mayList)
  return effects
}
