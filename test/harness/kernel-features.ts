import type { FlavourId } from '../../harness/oracle/flavours/flavour.js'
import type { Tracepoint } from '../../harness/oracle/operations.js'

/** What a kernel shows of its file cache: trace events, and the table of nf_flags in their formats. */
export interface KernelFeatures {
  readonly events: readonly string[]
  readonly flags: Readonly<Record<string, number>>
  /** Tracepoints under the names that they had then. */
  readonly formerNames?: Readonly<Partial<Record<Tracepoint, string>>>
}

const everywhere = names(
  `nfsd_file_alloc nfsd_file_unhash nfsd_file_put nfsd_file_acquire nfsd_file_is_cached
  nfsd_file_fsnotify_handle_event`,
)

const sinceTheTable = names(
  `nfsd_file_open nfsd_file_insert_err nfsd_file_cons_err nfsd_file_lru_add nfsd_file_lru_del nfsd_file_gc_in_use
  nfsd_file_gc_writeback nfsd_file_gc_referenced nfsd_file_gc_disposed nfsd_file_gc_removed
  nfsd_file_shrinker_removed`,
)

const untilTheRework = names('nfsd_file_close_inode nfsd_file_close_inode_sync')
const until614 = names('nfsd_file_lru_add_disposed nfsd_file_lru_del_disposed')

/** Read in fs/nfsd/trace.h of each generation; the seed patch adds a line to that of its base. */
export const kernelFeatures: Readonly<Record<FlavourId, KernelFeatures>> = {
  'buckets-hold-ref': {
    events: [
      ...everywhere,
      ...untilTheRework,
      ...names('nfsd_file_put_final nfsd_file_unhash_and_release_locked'),
    ],
    flags: { HASHED: 1, PENDING: 2, BREAK_READ: 4, BREAK_WRITE: 8, REFERENCED: 16 },
    formerNames: {
      nfsd_file_free: 'nfsd_file_put_final',
      nfsd_file_unhash_and_queue: 'nfsd_file_unhash_and_release_locked',
    },
  },
  'table-holds-ref': {
    events: [
      ...everywhere,
      ...sinceTheTable,
      ...untilTheRework,
      ...until614,
      ...names('nfsd_file_put_final nfsd_file_unhash_and_dispose nfsd_file_gc_hashed'),
    ],
    flags: { HASHED: 1, PENDING: 2, REFERENCED: 4 },
    formerNames: {
      nfsd_file_free: 'nfsd_file_put_final',
      nfsd_file_unhash_and_queue: 'nfsd_file_unhash_and_dispose',
    },
  },
  'table-holds-ref-gc': {
    events: [
      ...everywhere,
      ...sinceTheTable,
      ...untilTheRework,
      ...until614,
      ...names('nfsd_file_free nfsd_file_unhash_and_queue nfsd_file_gc_hashed'),
    ],
    flags: { HASHED: 1, PENDING: 2, REFERENCED: 4, GC: 8 },
  },
  'seed-v4': {
    events: [
      ...everywhere,
      ...sinceTheTable,
      ...untilTheRework,
      ...until614,
      ...names('nfsd_file_free nfsd_file_unhash_and_queue nfsd_file_gc_hashed nfsd_file_closing'),
    ],
    flags: { HASHED: 1, PENDING: 2, REFERENCED: 4, GC: 8 },
  },
  'lru-holds-ref': {
    events: [
      ...everywhere,
      ...sinceTheTable,
      ...until614,
      ...names(
        'nfsd_file_free nfsd_file_unhash_and_queue nfsd_file_closing nfsd_file_close nfsd_file_opened',
      ),
    ],
    flags: { HASHED: 1, PENDING: 2, REFERENCED: 4, GC: 8 },
  },
  'lru-holds-ref-from-open': {
    events: [
      ...everywhere,
      ...sinceTheTable,
      ...names('nfsd_file_free nfsd_file_closing nfsd_file_close nfsd_file_opened nfsd_file_gc_aged'),
      'nfsd_file_get_dio_attrs',
    ],
    flags: { HASHED: 1, PENDING: 2, REFERENCED: 4, GC: 8, RECENT: 16 },
  },
}

function names(text: string): string[] {
  return text.split(/\s+/)
}
