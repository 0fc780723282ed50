import type { FileEvents } from '../decode/file-events.js'
import type { ModuleEvents } from '../decode/module-events.js'
import type { Lives } from './lives.js'
import { codes } from './operations.js'
import { callRecordWords, callWords, grown, mostQueued } from './records.js'
import type { Tasks } from './tasks.js'

/**
 * So often in a row nobody loses a race of some microseconds against a work queue that runs once a jiffy. In
 * ACQUIRE01 on 6.1.192 under TCG not one of 1626 calls that closed something had lost it.
 */
export const manyLeftOpen = 4

/**
 * The module's calls of nfsd_file_close_inode_sync() under way, a record for each caller; which have returned, the inodes'
 * records say (`Lives`).
 */
export class Closes {
  records = new Int32Array(4 * callRecordWords)
  /** By caller: where its record is. */
  readonly #atByPid = new Map<number, number>()
  readonly #lives: Lives
  readonly #tasks: Tasks
  readonly #seesFiles: boolean
  #openGaps = 0

  /** @param tasks Are told who calls. @param seesFiles Whether a struct file's close can be seen. */
  constructor(lives: Lives, tasks: Tasks, seesFiles: boolean) {
    this.#lives = lives
    this.#tasks = tasks
    this.#seesFiles = seesFiles
  }

  /** Row at which the last call for the inode began that has returned; -1 if there was none. */
  beginRow(inode: number): number {
    return this.#lives.closeBeginRow(inode)
  }
  endRow(inode: number): number {
    return this.#lives.closeEndRow(inode)
  }
  /** Of the caller's call under way: row of an nfsd_file_closing that no nfsd_file_free has followed; -1: none. */
  queuedRow(pid: number): number {
    const at = this.#find(pid)
    return this.#read(at, callWords.queued) > 0 ? this.#read(at, callWords.queue + 1) - 1 : -1
  }
  /** Row of the nfsd_file_free of the call's last file, if that is open still; -1: none, or that cannot be told. */
  openRow(pid: number): number {
    const at = this.#find(pid)
    return this.#read(at, callWords.file) !== 0 ? this.#read(at, callWords.free) - 1 : -1
  }
  /** How many calls of this caller before this one have returned one after the other with such a file. */
  leftOpen(pid: number): number {
    const at = this.#atByPid.get(pid)
    return at === undefined ? 0 : this.#read(at, callWords.leftOpen)
  }

  apply({ operation, nf, file, pid, row }: FileEvents): void {
    if (operation !== codes.nfsd_file_closing && operation !== codes.nfsd_file_free) return
    const at = this.#find(pid)
    if (at === undefined) return
    if (operation === codes.nfsd_file_closing) {
      this.#queue(at, nf, row + 1)
      return
    }
    const queued = this.#placeOf(at, nf)
    if (queued >= 0) this.#unqueue(at, queued)
    this.records[at + callWords.free] = row + 1
    this.records[at + callWords.file] = this.#read(at, callWords.mindsFiles) === 1 ? file : 0
  }

  hear(event: ModuleEvents): void {
    if (this.#openGaps > 0) return
    switch (event.event) {
      case 'file closes':
        for (const at of this.#atByPid.values())
          if (this.#read(at, callWords.file) === event.file) this.records[at + callWords.file] = 0
        return
      case 'close begins':
        this.#begin(event)
        return
      case 'close ends':
        this.#end(event)
    }
  }

  beginGap(): void {
    this.#forget()
    this.#openGaps++
  }

  endGap(): void {
    this.#forget()
    this.#openGaps--
  }

  #forget(): void {
    this.#atByPid.clear()
    this.records.fill(0)
  }

  #begin({ pid, inode, row, isKernelThread }: ModuleEvents): void {
    const at = this.#atByPid.get(pid) ?? this.#append(pid)
    const leftOpen = this.#read(at, callWords.leftOpen)
    this.records.fill(0, at, at + callRecordWords)
    this.records[at + callWords.isUnderWay] = 1
    this.records[at + callWords.inode] = inode
    this.records[at + callWords.begin] = row + 1
    this.records[at + callWords.mindsFiles] = this.#seesFiles && isKernelThread ? 1 : 0
    this.records[at + callWords.leftOpen] = leftOpen
  }

  #end({ pid, row }: ModuleEvents): void {
    const at = this.#find(pid)
    if (at === undefined) return
    this.#lives.noteClose(this.#read(at, callWords.inode), this.#read(at, callWords.begin) - 1, row)
    if (this.#read(at, callWords.free) !== 0)
      this.records[at + callWords.leftOpen] =
        this.#read(at, callWords.file) === 0 ? 0 : this.#read(at, callWords.leftOpen) + 1
    this.records[at + callWords.isUnderWay] = 0
  }

  /** @returns where the record of the caller's call under way is */
  #find(pid: number): number | undefined {
    const at = this.#atByPid.get(pid)
    return at !== undefined && this.#read(at, callWords.isUnderWay) === 1 ? at : undefined
  }

  #append(pid: number): number {
    const at = this.#atByPid.size * callRecordWords
    if (at === this.records.length) this.records = grown(this.records, 0)
    this.#atByPid.set(pid, at)
    this.#tasks.noteCaller(pid, this.#atByPid.size)
    return at
  }

  #queue(at: number, nf: number, row: number): void {
    const known = this.#placeOf(at, nf)
    if (known >= 0) {
      this.records[known + 1] = row
      return
    }
    if (this.#read(at, callWords.queued) === mostQueued) this.#unqueue(at, at + callWords.queue)
    const place = this.#endOfQueue(at)
    this.records[place] = nf
    this.records[place + 1] = row
    this.records[at + callWords.queued] = this.#read(at, callWords.queued) + 1
  }

  /** @returns where a queued nfsd_file is; -1: nowhere */
  #placeOf(at: number, nf: number): number {
    const end = this.#endOfQueue(at)
    for (let place = at + callWords.queue; place < end; place += 2)
      if (this.records[place] === nf) return place
    return -1
  }

  #unqueue(at: number, place: number): void {
    this.records.copyWithin(place, place + 2, this.#endOfQueue(at))
    this.records[at + callWords.queued] = this.#read(at, callWords.queued) - 1
  }

  #endOfQueue(at: number): number {
    return at + callWords.queue + 2 * this.#read(at, callWords.queued)
  }

  /** @param at Undefined: of nobody. */
  #read(at: number | undefined, word: number): number {
    return at === undefined ? 0 : (this.records[at + word] ?? 0)
  }
}
