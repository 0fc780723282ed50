/**
 * What can be told of an event and its surroundings by one bit each, as they are before the event is taken into
 * account: `Lives` and `Tasks` keep their bits up to date, so that a look at all of them costs one AND. A rule names
 * those without which it finds nothing (`TraceRule.suspects`), and is asked only where one of them holds.
 */
export const facts = {
  // Of the object's life; the first four exclude each other.
  alive: 1 << 0,
  freed: 1 << 1,
  /** Something of it was seen, but neither its nfsd_file_alloc nor an nfsd_file_free. */
  unknown: 1 << 2,
  /** Allocated and nothing else, where it may never be heard of again (Flavour.losersVanish). */
  allocated: 1 << 3,
  tracked: 1 << 4,
  unhashed: 1 << 5,
  'unhashed early': 1 << 6,
  queued: 1 << 7,
  'under writeback': 1 << 8,
  /** Eight bits: so many acquires that no put has followed. */
  'in use': 255 << 12,
  // The balance of what went on the LRU and what left it is one of these.
  'off the LRU': 1 << 9,
  'on the LRU': 1 << 10,
  'off the LRU too often': 1 << 11,
  // Of the event.
  'count is 0': 1 << 20,
  'count is above 0': 1 << 21,
  'count is saturated': 1 << 22,
  // Of the event's task.
  'put in doubt': 1 << 23,
  /** It does the same over and over, or an acquire of its tries again and again. */
  'many turns': 1 << 24,
  // Of the object and others.
  /** Its nfsd_file_unhash, and what those went on to who had it in hand then, is older than the task's event before this one. */
  'left unhashed': 1 << 25,
  /** Its nfsd_file_unhash is older than the task's last nfsd_file_acquire or nfsd_file_put. */
  'settled since unhash': 1 << 31,
  /** Its own nfsd_file_unhash was seen, and as long as it is freed that of the next life, too. */
  'unhashed already': 1 << 29,
  /** Freed, and the sample is not that of an object under construction. */
  'freed, not pending': 1 << 30,
  /** It is not on the LRU, even if every nfsd_file_lru_add that other tasks may be late with is counted. */
  'not added': 1 << 28,
  /**
   * A GC object that had begun before the last nfsd_file_close_inode_sync() of its inode that has returned, and that returned
   * before the task's event before this one.
   */
  'outlived a close': 1 << 26,
  /** The same, and the sample has HASHED. */
  'hashed behind a close': 1 << 27,
} as const

export type Fact = keyof typeof facts

export function maskOf(names: readonly Fact[]): number {
  return names.reduce((mask, name) => mask | facts[name], 0)
}

/** Of three facts whose bits follow each other, the one that holds: it is 0, it is above, it is below. */
export function factOfSign(value: number, zero: number): number {
  if (value === 0) return zero
  return value > 0 ? zero << 1 : zero << 2
}
