import type { FileEvents } from '../decode/file-events.js'
import type { TraceSlice } from '../decode/load-trace.js'
import { effectBits } from './effects.js'
import { facts } from './facts.js'
import type { Lives } from './lives.js'
import { codes } from './operations.js'
import { lifeWords, never, taskBits, taskWords } from './records.js'
import { manyTurns, mostHeld, nearPids, type Tasks } from './tasks.js'

// V8 takes the constants of this file for what they are, but not those of others.
const { balance: balanceAt, left: leftAt, begin: beginAt, unhash: unhashAt, free: freeAt } = lifeWords
const { closeBegin: closeBeginAt, since: sinceAt, last: lastAt } = lifeWords
const { pid: pidAt, key: keyAt, keyRow: keyRowAt, row: rowAt, held: heldAt } = taskWords
const { taken: takenAt, settled: settledAt, repeats: repeatsAt } = taskWords
const { touched, settles, turns, moves, constructs, closes, isOdd, taskShift } = effectBits
const { alive, freed, unknown, unhashed, tracked, met } = facts
const early = facts['unhashed early']
const state = alive | freed | unknown
const notUnhashed = never
const heldLimit = mostHeld
const pidMask = nearPids - 1
const lasting = facts.queued | facts['under writeback']
const isOff = facts['off the LRU']
const isOn = facts['on the LRU']
const isBelow = facts['off the LRU too often']
const balanceFacts = isOff | isOn | isBelow
const isAtZero = facts['count is 0']
const isHeld = facts['count is above 0']
const isSaturated = facts['count is saturated']
const users = facts['in use']
const oneUser = users & -users
const taskFacts = facts['put in doubt'] | facts['many turns'] | facts['many retries']
const unusual = facts['put in doubt'] | facts['many turns'] | taskBits.retried
/** From there on a task's turns are looked at one by one. */
const manyRepeats = manyTurns - 4
const { handles, mayList } = taskBits
const moods = handles | mayList
const consErr = codes.nfsd_file_cons_err
const acquire = codes.nfsd_file_acquire
const alloc = codes.nfsd_file_alloc
const free = codes.nfsd_file_free
const lruAdd = codes.nfsd_file_lru_add
const unhashedBefore = facts['unhashed before']
const outlived = facts['outlived a close']
const stillHashed = facts['hashed behind a close']

/** What the fast path goes by. */
export interface FastTables {
  /** By code. */
  readonly effects: Int32Array
  readonly alarms: Int32Array
  readonly addersHold: boolean
  readonly gcMask: number
  readonly hashedMask: number
}

/**
 * Takes events into account as `Lives.apply` and `Tasks.apply` do, as long as they are what most are and no rule suspects them. It
 * calls nobody, so that the columns and the records are looked up once for many events, and writes nothing before it knows.
 */
export class FastPath {
  readonly #lives: Lives
  readonly #tasks: Tasks
  readonly #tables: FastTables

  constructor(lives: Lives, tasks: Tasks, tables: FastTables) {
    this.#lives = lives
    this.#tasks = tasks
    this.#tables = tables
  }

  /**
   * @param events Over the rows of the slice. @param isClosing Closes are under way.
   * @param from Row of the slice. @param to The row behind the last one.
   * @returns the first row of which others have to take care
   */
  // eslint-disable-next-line max-lines-per-function -- one loop without a call: a call would cost as much as half an event
  run(slice: TraceSlice, events: FileEvents, isClosing: boolean, from: number, to: number): number {
    const lives = this.#lives
    const { type: fileType, codes: codeOf, columns } = events
    const { type, index, pid: pids } = slice.rows
    const first = (slice.first ?? 0) + 1
    const { op: ops, nf: nfs, inode: inodes, flags: flagSets, ref: refs, ms: times } = columns
    const { effects, alarms, gcMask, hashedMask, addersHold } = this.#tables
    const oddNow = isClosing ? closes | isOdd : isOdd
    const objects = lives.records
    const { records: people, held, near } = this.#tasks
    let begun = 0
    let ended = 0
    let row = from
    for (; row < to; row++) {
      if (type[row] !== fileType) break
      const at = index[row] ?? 0
      const operation = codeOf[ops[at] ?? 0] ?? 0
      const effect = effects[operation] ?? 0
      const alarm = alarms[operation] ?? 0
      const nf = nfs[at] ?? 0
      const pid = pids[row] ?? 0
      const flags = flagSets[at] ?? 0
      const task = near[pid & pidMask] ?? 0
      const doing = people[task] ?? 0
      const before = people[task + keyAt] ?? 0
      const key = (nf << 5) | operation
      const life = nf << 4
      const word = objects[life] ?? 0
      if (people[task + pidAt] !== pid || nf === 0 || (doing & unusual) !== 0) break
      const repeats = key === before ? (people[task + repeatsAt] ?? 0) + 1 : 0
      if (repeats > manyRepeats) break
      if ((word & state) === 0 || (effect & oddNow) !== 0) break
      let known = word | (doing & taskFacts)
      const ref = refs[at] ?? 0
      known |= ref > 0 ? isHeld : ref === 0 ? isAtZero : isSaturated
      const balance = objects[life + balanceAt] ?? 0
      if ((alarm & balanceFacts) !== 0) known |= balance === 0 ? isOff : balance > 0 ? isOn : isBelow
      if ((objects[life + unhashAt] ?? 0) < (people[task + rowAt] ?? 0)) known |= unhashedBefore
      const closeBegin = objects[((inodes[at] ?? 0) << 4) + closeBeginAt] ?? 0
      if ((objects[life + beginAt] ?? 0) < closeBegin && (word & alive) !== 0)
        known |= (flags & gcMask) === 0 ? 0 : (flags & hashedMask) === 0 ? outlived : outlived | stillHashed
      if ((known & alarm) !== 0) break
      const number = first + row
      let now = word | (effect & lasting)
      if ((effect & settles) !== 0) {
        const count = people[task + heldAt] ?? 0
        const isAcquire = operation === acquire
        if ((flags & gcMask) === 0) people[task + takenAt] = 0
        else if (isAcquire) {
          if (count === heldLimit) break
          held[(task << 3) + count + 1] = nf
          people[task + heldAt] = count + 1
          people[task + takenAt] = 0
        } else {
          if (held[(task << 3) + count] !== nf || before === ((nf << 5) | consErr)) break
          people[task + heldAt] = count - 1
          people[task + takenAt] = nf
        }
        people[task + settledAt] = number
        if (isAcquire) now += (now & users) === users ? 0 : oneUser
        else now -= (now & users) === 0 ? 0 : oneUser
      } else if ((effect & turns) !== 0) {
        if (operation === alloc) {
          begun++
          now = met | tracked | alive
          if ((word & freed) !== 0 && (word & early) !== 0 && (flags & hashedMask) === 0) now |= unhashed
          objects[life + sinceAt] = objects[life + beginAt] = number
          objects[life + balanceAt] = objects[life + leftAt] = objects[life + freeAt] = 0
          objects[life + unhashAt] = notUnhashed
        } else if (operation === free) {
          if ((word & alive) === 0) break
          ended++
          now = (now & ~state) | freed
          objects[life + freeAt] = number
        } else {
          if ((word & alive) !== 0) objects[life + unhashAt] = number
          now |=
            (word & unknown) !== 0 || (word & (freed | unhashed)) === (freed | unhashed) ? early : unhashed
        }
      } else if ((effect & moves) !== 0) {
        const keyRow = people[task + keyRowAt] ?? 0
        const isWithIt =
          before >>> 5 === nf && (doing & mayList) !== 0 && keyRow >= (objects[life + sinceAt] ?? 0)
        if (operation !== lruAdd) objects[life + balanceAt] = balance - 1
        else if (isWithIt || addersHold) objects[life + balanceAt] = balance + 1
      }
      if ((effect & constructs) !== 0) people[task + takenAt] = 0
      objects[life] = now
      objects[life + lastAt] = number
      objects[life + (effect & touched)] = times[at] ?? 0
      if ((doing & handles) !== 0) {
        const last = (before >>> 5) << 4
        if ((people[task + keyRowAt] ?? 0) >= (objects[last + sinceAt] ?? 0)) objects[last + leftAt] = number
      }
      people[task + repeatsAt] = repeats
      people[task + keyAt] = key
      people[task + keyRowAt] = people[task + rowAt] = number
      people[task] = (doing & ~moods) | ((effect >> taskShift) & moods)
    }
    lives.begun += begun
    lives.ended += ended
    return row
  }
}
