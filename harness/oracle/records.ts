/**
 * What is known of an object, or of a task, is a record of sixteen words, which is a cache line. Rows count from 1 in records, so
 * that 0 is none, and a record of zeros is that of somebody of whom nothing is known. Word 0 has facts.
 */
export const shift = 4
export const recordWords = 1 << shift

/** Words of an object's record, which its pointer's id finds. */
export const lifeWords = {
  /** Of the event since which the record tells of this life: tells apart the lives at one address. */
  since: 1,
  balance: 2,
  touchedMs: 3,
  last: 4,
  left: 5,
  begin: 6,
  /** `never`, if it was not. */
  unhash: 7,
  free: 8,
  // The same pointer as an inode: rows of the module's last call for it that has returned.
  closeBegin: 9,
  closeEnd: 10,
} as const

/** Words of a task's record. */
export const taskWords = {
  pid: 1,
  /** What it did last: the pointer's id and the operation, as `keyOf` puts them together. */
  key: 2,
  /** The row of that, if behind it the task may list the object, or take it off the LRU (`effects.ts`); else 0. */
  lingers: 3,
  /** Of its last event, of ours or of nfsd. */
  row: 4,
  /** Of its last nfsd_file_acquire or nfsd_file_put. */
  settled: 5,
  /** What the last put took, to be given back should it turn out to be nfsd_file_do_acquire()'s own (`Tasks.giveBack`). */
  taken: 6,
  /** How many are in its list of those held. */
  held: 7,
  /** How often in a row, behind the first time, it did the same. */
  repeats: 8,
  /** nfsd_file_cons_err since the last nfsd_file_acquire. */
  retries: 9,
  /** Row of a put that nothing seen entitles the task to, if the fact `put in doubt` says that there is one. */
  doubtful: 10,
  /** How much of its allowance is used up. */
  spent: 11,
  /** Its place among those who have called nfsd_file_close_inode_sync(), from 1; 0 if it has not. */
  caller: 12,
  /**
   * The addon's own: with so many held, it looks closer at the next nfsd_file_acquire or nfsd_file_put. It sets that of a record of
   * zeros, which is what it finds where it goes on behind events that were taken into account here.
   */
  room: 13,
} as const

/** Words of the record of a caller of nfsd_file_close_inode_sync(): of its call under way, or its last one. */
export const callWords = {
  isUnderWay: 0,
  inode: 1,
  begin: 2,
  /** The caller leaves the last fput() to others, and it can be seen when they come to it. */
  mindsFiles: 3,
  /** Of the last nfsd_file_free, 0: none; its struct file, 0: closed. */
  free: 4,
  file: 5,
  /** How many calls in a row have returned with the file open that they had freed last. */
  leftOpen: 6,
  /** How many nfsd_file_closing no nfsd_file_free has followed yet; from `queue` on the nfsd_file and the row of each. */
  queued: 7,
  queue: 8,
} as const

/** Of those queued by a call so many are known; the latest, should there be more. */
export const mostQueued = 60

export const callRecordWords = callWords.queue + 2 * mostQueued

/** A word of both that takes what is written of no use: to write there is faster than to branch. */
export const wasteWord = 15

/** A row that is behind all others; with it a trace has as many as can be told apart. */
export const never = 0x7fff_ffff

/** So many pointers can have a record: of ids, 32 bits hold the place of the record, and a key. */
export const mostPointers = 2 ** 26

export const operationBits = 5

/** An operation and its object in one word. */
export function keyOf(operation: number, nf: number): number {
  return (nf << operationBits) | operation
}

export function grown(records: Int32Array, words: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(Math.max(words, records.length * 2))
  longer.set(records)
  return longer
}
