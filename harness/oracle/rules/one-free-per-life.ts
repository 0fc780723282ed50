import { hashHolds, isPending, lruHolds } from '../flavours/flavour.js'
import { codes, nameOf } from '../operations.js'
import type { Broken, Moment, TraceRule } from '../rule.js'

/**
 * Between two nfsd_file_alloc at one address there is one nfsd_file_free, and at most one queueing for
 * disposal.
 */
export const oneFreePerLife: TraceRule = {
  id: 'one-free-per-life',
  kind: 'safety',
  flavours: [...hashHolds, ...lruHolds],
  needs: ['identity', 'order', 'nfsd_file_alloc', 'nfsd_file_free'],
  sound: `The count reaches 0 once in a life (nfsd_file_alloc() sets it and
    refcount_inc_not_zero() never lifts it from 0), and only who took it there disposes and frees. Memory goes
    back to the slab in nfsd_file_slab_free(), a grace period after nfsd_file_free(); so an alloc comes after
    the free. What is freed without a life of its own is PENDING: after a failed rhltable_insert(), and from 6.12 on the loser
    of the insert race. With hash buckets the loser is logged as allocated and given back unseen: an
    nfsd_file_alloc alone makes no live object there.`,
  on: ({ atZero }) => ['nfsd_file_alloc', 'nfsd_file_free', ...atZero],
  suspects: (tracepoint, { freesUnannounced }) => {
    if (tracepoint === 'nfsd_file_free') return [freesUnannounced ? 'freed, not pending' : 'freed']
    return tracepoint === 'nfsd_file_alloc' ? ['alive'] : ['queued']
  },
  check(moment) {
    if (moment.event.operation === codes.nfsd_file_free) return checkFree(moment)
    if (moment.event.operation === codes.nfsd_file_alloc) return checkAlloc(moment)
    return checkDisposal(moment)
  },
}

function checkFree({ event, life, flags, flavour }: Moment): Broken | undefined {
  const hasNoAlloc = flavour.freesUnannounced && isPending(event.flags, flags)
  if (!life.isFreed || hasNoAlloc) return undefined
  return { path: 'nfsd_file_free twice', says: 'freed a second time' }
}

function checkAlloc({ life }: Moment): Broken | undefined {
  if (!life.isAlive) return undefined
  return {
    path: 'nfsd_file_alloc of a live object',
    says: 'the slab handed out memory of an object that had not been freed',
  }
}

function checkDisposal({ event, life }: Moment): Broken | undefined {
  if (!life.isAlive || !life.isQueued) return undefined
  const what = nameOf(event.operation)
  return { path: `${what} of an object on a dispose list`, says: 'queued for disposal a second time' }
}
