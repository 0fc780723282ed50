import { lruHolds, type Flavour } from '../flavours/flavour.js'
import type { Fact } from '../facts.js'
import { codes, nameOf, type Tracepoint } from '../operations.js'
import type { Broken, Moment, Standing, TraceRule } from '../rule.js'

/**
 * After so long a quiet a tracepoint that is late has come: nfsd_file_lru_cb() holds a spinlock between its
 * decrement and nfsd_file_gc_in_use.
 */
const settledMs = 1000

/** Additions to the LRU and removals from it alternate, and what is freed is on no LRU. */
export const lruAlternates: TraceRule = {
  id: 'lru-alternates',
  kind: 'safety',
  flavours: ['table-holds-ref', 'table-holds-ref-gc', ...lruHolds],
  unsound: { 'buckets-hold-ref': 'no tracepoint shows its LRU' },
  needs: [
    'identity',
    'order',
    'nfsd_file_alloc',
    'nfsd_file_free',
    'nfsd_file_put',
    'nfsd_file_lru_add',
    'nfsd_file_lru_del',
    'nfsd_file_gc_in_use',
    'nfsd_file_gc_disposed',
  ],
  sound: `list_lru_add() and list_lru_del() change something only if the entry was off or on the list, under
    the list's lock. Twice added: an addition needs a count of 1 (refcount_dec_not_one() in nfsd_file_put()),
    and whoever removed the entry holds a reference until nfsd_file_lru_del has run, or the lock until
    nfsd_file_gc_in_use or nfsd_file_gc_disposed has. So when the n-th addition happens, n-1 removals are in
    the trace, and an nfsd_file_lru_add that is late can only make the count of additions smaller. It belongs
    to the life in which its task did the put before it. Removed without addition: nfsd_file_lru_add may be
    late, but then the last event of its task is the put of this object; without such a task there was no
    addition. Freed on the LRU: nfsd_file_free() finds the entry listed only while nfsd_file_lru_cb() is about
    to take it off; its nfsd_file_gc_in_use comes before the memory is used again, as it runs with preemption
    off. From 6.15 on an object is added once, between its open and the end of PENDING, by the task that opened
    it. Where the hash table holds the reference, anybody adds while others remove, and nothing is said before
    the end of a life: who adds or removes holds a reference until its tracepoint has run, or the lock, so
    that both counts are complete then.`,
  on: ({ leaveLru }) => ['nfsd_file_lru_add', 'nfsd_file_alloc', ...leaveLru],
  suspects: suspectsOf,
  check(moment) {
    const { event, life } = moment
    if (!life.isTracked) return undefined
    if (event.operation === codes.nfsd_file_alloc) return settle(life, moment.flavour)
    if (moment.flavour.precedeLruAdd.length === 0) return undefined
    if (event.operation === codes.nfsd_file_lru_add) return addedTwice(moment)
    return removedUnadded(moment)
  },
  *atEnd({ lives, ms, flavour }: Standing) {
    for (const life of lives.eachTracked()) {
      const broken = life.touchedMs + settledMs <= ms ? settle(life, flavour) : undefined
      if (broken) yield broken
    }
  },
}

function suspectsOf(tracepoint: Tracepoint, { precedeLruAdd }: Flavour): readonly Fact[] {
  if (tracepoint === 'nfsd_file_alloc') return ['on the LRU', 'off the LRU too often']
  if (precedeLruAdd.length === 0) return []
  return tracepoint === 'nfsd_file_lru_add' ? ['on the LRU'] : ['not added']
}

/** The account of a life that has ended. */
function settle(life: Moment['life'], { holdReference }: Flavour): Broken | undefined {
  if (!life.isFreed) return undefined
  if (life.lruBalance > 0) return freedOnLru(life)
  const isComplete = holdReference.includes('nfsd_file_lru_add')
  if (life.lruBalance === 0 || !isComplete) return undefined
  return {
    path: 'more removals than nfsd_file_lru_add',
    says: 'taken off the LRU more often than it was added',
    row: life.freeRow,
  }
}

function freedOnLru(life: Moment['life']): Broken {
  return {
    path: 'nfsd_file_free on the LRU',
    says: 'freed while it was listed on the LRU',
    row: life.freeRow,
  }
}

function addedTwice({ life, task }: Moment): Broken | undefined {
  if (!task.ownsLruAdd(life) || life.lruBalance < 1) return undefined
  return { path: 'nfsd_file_lru_add twice', says: 'added to the LRU a second time, with no removal between' }
}

function removedUnadded({ event, life, task }: Moment): Broken | undefined {
  const owed = 1 - life.lruBalance
  if (owed <= 0 || task.countLateLruAdds(life) >= owed) return undefined
  const what = nameOf(event.operation)
  return {
    path: `${what} without nfsd_file_lru_add`,
    says: `taken off the LRU (${what}) without having been added`,
  }
}
