/**
 * The nfsd_file_* tracepoints that carry a `struct nfsd_file *`, by their kernel names, and the codes under
 * which the hot path knows them. Code 0 is a tracepoint that this oracle has not heard of: it is seen and
 * never judged.
 */
export const codes = {
  nfsd_file_alloc: 1,
  nfsd_file_open: 2,
  nfsd_file_opened: 3,
  nfsd_file_acquire: 4,
  nfsd_file_cons_err: 5,
  nfsd_file_put: 6,
  nfsd_file_free: 7,
  nfsd_file_unhash: 8,
  nfsd_file_closing: 9,
  nfsd_file_lru_add: 10,
  nfsd_file_lru_del: 11,
  nfsd_file_gc_in_use: 12,
  nfsd_file_gc_writeback: 13,
  nfsd_file_gc_referenced: 14,
  nfsd_file_gc_disposed: 15,
  nfsd_file_unhash_and_queue: 16,
  nfsd_file_gc_hashed: 17,
  nfsd_file_gc_aged: 18,
} as const

export type Tracepoint = keyof typeof codes

/** Number of codes, 0 included. */
export const codeCount = 19

export const tracepoints = Object.keys(codes) as Tracepoint[]

/** What tracepoints were called before they got the name that rules know: the same place in the same function. */
const formerNames: Readonly<Record<string, Tracepoint>> = {
  nfsd_file_put_final: 'nfsd_file_free',
  nfsd_file_unhash_and_dispose: 'nfsd_file_unhash_and_queue',
  nfsd_file_unhash_and_release_locked: 'nfsd_file_unhash_and_queue',
}

export function codeOf(tracepoint: string): number {
  const name = formerNames[tracepoint] ?? tracepoint
  return name in codes ? codes[name as Tracepoint] : 0
}

export function nameOf(code: number): string {
  return tracepoints[code - 1] ?? 'unknown tracepoint'
}

/** A table by code: 1 where the tracepoint is one of those named. */
export function codeSet(names: readonly Tracepoint[]): Uint8Array {
  const set = new Uint8Array(codeCount)
  for (const name of names) set[codes[name]] = 1
  return set
}
