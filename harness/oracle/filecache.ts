/** /proc/fs/nfsd/filecache as text, and when it was read; `start` is before the load. */
export interface FilecacheSample {
  readonly phase: 'start' | 'load' | 'quiet' | 'shutdown' | 'end'
  readonly text: string
  /** Guest seconds, if the reader knew. */
  readonly second?: number
}

/**
 * The counters by their labels (nfsd_file_cache_stats_show() in fs/nfsd/filecache.c); "mean age" of an unused
 * cache, `-`, is left out. Big integers, because an underflowed counter is near 2^64.
 */
export function parseFilecache(text: string): Map<string, bigint> {
  const counters = new Map<string, bigint>()
  for (const [, label = '', value = ''] of text.matchAll(/^([a-z][a-z ()]*?):\s*(-?\d+)$/gim)) {
    counters.set(label, BigInt(value))
  }
  return counters
}
