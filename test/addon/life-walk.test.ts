import { describe, expect, it } from 'vitest'
import { LifeWalk, tallied, tallyOperations, type WalkRows } from '../../addon/index.js'
import { native } from '../../addon/native.js'

const tables = {
  effects: new Int32Array(19),
  alarms: new Int32Array(19),
  codes: new Uint8Array(256),
  ...{ gc: 8, hashed: 1, pending: 2, allFlags: 15, atAlloc: 1 },
  ...{ addersHold: false, mindsFiles: false },
  ...{ fileType: 0, callType: 1, fputType: 2, reuseType: 3, dirtyType: -1, closeCall: 0 },
}

function newRecords() {
  const near = new Int32Array(1024)
  const tasks = new Int32Array(64)
  // The record of pid 7.
  near[7] = 16
  tasks[16 + 1] = 7
  const [lives, held, calls] = [new Int32Array(64), new Int32Array(512), new Int32Array(256)]
  return { lives, tasks, held, calls, near, totals: new Int32Array(2) }
}

/** Events of files, all of one object and one task. */
function rowsOf(count: number, others: Partial<WalkRows> = {}): WalkRows {
  const ones = (): Uint32Array => new Uint32Array(count).fill(1)
  return {
    first: 0,
    type: new Uint16Array(count),
    index: Uint32Array.from({ length: count }, (_, row) => row),
    pid: new Int32Array(count).fill(7),
    op: new Uint16Array(count),
    ...{ nf: ones(), inode: ones(), file: ones(), flags: ones(), ms: ones() },
    ref: new Int32Array(count),
    ...{ stressor: new Uint8Array(0), end: new Uint8Array(0), kthread: new Uint8Array(0) },
    ...{ callInode: new Uint32Array(0), closedFile: new Uint32Array(0) },
    ...others,
  }
}

function enterAndRun(others: Partial<WalkRows>): void {
  const walk = new LifeWalk(tables, native().lifeLayout())
  walk.enter(rowsOf(3, others), newRecords())
  walk.run(0, 3, false)
}

describe('a walk', () => {
  it('refuses to be led by an oracle that lays out records otherwise', () => {
    const layout = native().lifeLayout()
    layout[3]!++
    for (const other of [layout, layout.subarray(1)])
      expect(() => new LifeWalk(tables, other)).toThrow(expect.objectContaining({ code: 'FCT_WALK_LAYOUT' }))
  })

  it.each([
    ['an event that its columns do not have', { index: Uint32Array.of(0, 1, 3) }],
    ['an object without a record', { nf: Uint32Array.of(1, 4, 1) }],
    ['an inode without a record', { inode: Uint32Array.of(1, 1, 0xffff_ffff) }],
    ['a column that is too short', { flags: new Uint32Array(2) }],
    ['rows without a pid', { pid: new Int32Array(2) }],
    ['a call that its columns do not have', { type: Uint16Array.of(0, 0, 1) }],
    ['a closed file that its column does not have', { type: Uint16Array.of(2, 0, 0) }],
  ])('refuses %s', (_, others) => {
    expect(() => enterAndRun(others)).toThrow(expect.objectContaining({ code: 'FCT_WALK_ROWS' }))
  })

  it('stops at a task that it does not know, at events that it does not take, and at none that is cleared', () => {
    const walk = new LifeWalk({ ...tables, alarms: new Int32Array(19).fill(-1) }, native().lifeLayout())
    const records = newRecords()
    walk.enter(rowsOf(3, { type: Uint16Array.of(0, 9, 3), pid: Int32Array.of(7, 7, 8) }), records)
    expect(walk.run(0, 3, false)).toBe(0)
    expect(walk.run(0, 3, true)).toBe(2)
    expect(records.lives[16 + 4]).toBe(1)
    walk.enter(rowsOf(3, { pid: Int32Array.of(8, 7, 7) }), records)
    expect(walk.run(0, 3, true)).toBe(0)
    expect(() => walk.run(0, 4, false)).toThrow(RangeError)
  })
})

it('a tally counts operations, and those without an object once more', () => {
  const counts = new Uint32Array(2 * tallied)
  tallyOperations(Uint16Array.of(3, 5, 5, 300, 3), Uint32Array.of(1, 0, 2, 0, 1), counts)
  tallyOperations(Uint16Array.of(255), Uint32Array.of(9), counts)
  const nonZero = [...counts.entries()].filter(([, count]) => count > 0)
  expect(nonZero).toEqual([
    [0, 1],
    [3, 2],
    [5, 2],
    [255, 1],
    [tallied, 1],
    [tallied + 5, 1],
  ])
  expect(() => tallyOperations(new Uint16Array(2), new Uint32Array(1), counts)).toThrow(RangeError)
})
