import type { FileEvents } from '../decode/file-events.js'
import type { ModuleEvents } from '../decode/module-events.js'
import type { Lives } from './lives.js'
import { codes } from './operations.js'

/** A call of nfsd_file_close_inode_sync() under way. */
interface Call {
  readonly inode: number
  readonly row: number
  /** Rows of nfsd_file_closing that no nfsd_file_free has followed yet, by nfsd_file. */
  readonly queued: Map<number, number>
  /** Its caller leaves the last fput() to others, and it can be seen when they come to it. */
  readonly mindsFiles: boolean
  /** Row of the last nfsd_file_free, -1: none; its struct file, 0: closed. */
  freeRow: number
  file: number
}

/** The module's calls of nfsd_file_close_inode_sync() under way; which have returned, the inodes' records say (`Lives`). */
export class Closes {
  /** By caller. */
  readonly #calls = new Map<number, Call>()
  /** By caller: how many calls in a row have returned with the file open that they had freed last. */
  readonly #leftOpen = new Map<number, number>()
  readonly #lives: Lives
  readonly #seesFiles: boolean
  #openGaps = 0

  /** @param seesFiles Whether a struct file's close can be seen. */
  constructor(lives: Lives, seesFiles: boolean) {
    this.#lives = lives
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
    for (const row of this.#calls.get(pid)?.queued.values() ?? []) return row
    return -1
  }
  /** Row of the nfsd_file_free of the call's last file, if that is open still; -1: none, or that cannot be told. */
  openRow(pid: number): number {
    const call = this.#calls.get(pid)
    return call && call.file !== 0 ? call.freeRow : -1
  }
  /** How many calls of this caller before this one have returned one after the other with such a file. */
  leftOpen(pid: number): number {
    return this.#leftOpen.get(pid) ?? 0
  }

  /** Whether `apply` does something. */
  get areUnderWay(): boolean {
    return this.#calls.size > 0
  }

  apply({ operation, nf, file, pid, row }: FileEvents): void {
    if (operation !== codes.nfsd_file_closing && operation !== codes.nfsd_file_free) return
    const call = this.#calls.get(pid)
    if (!call) return
    if (operation === codes.nfsd_file_closing) {
      call.queued.set(nf, row)
      return
    }
    call.queued.delete(nf)
    call.freeRow = row
    call.file = call.mindsFiles ? file : 0
  }

  hear(event: ModuleEvents): void {
    if (this.#openGaps > 0) return
    switch (event.event) {
      case 'file closes':
        for (const call of this.#calls.values()) if (call.file === event.file) call.file = 0
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
    this.#calls.clear()
    this.#leftOpen.clear()
  }

  #begin({ pid, inode, row, isKernelThread }: ModuleEvents): void {
    const mindsFiles = this.#seesFiles && isKernelThread
    this.#calls.set(pid, { inode, row, queued: new Map(), mindsFiles, freeRow: -1, file: 0 })
  }

  #end({ pid, row }: ModuleEvents): void {
    const call = this.#calls.get(pid)
    if (!call) return
    this.#lives.noteClose(call.inode, call.row, row)
    if (call.freeRow >= 0) this.#leftOpen.set(pid, call.file === 0 ? 0 : this.leftOpen(pid) + 1)
    this.#calls.delete(pid)
  }
}
