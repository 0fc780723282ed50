import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Device, readDebugfs, writeDebugfs } from '../../addon/index.js'

/** Runs `work` and returns what it threw. */
function failureOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('the device', () => {
  it.skipIf(existsSync('/dev/fctorture'))('is not there without the module', () => {
    expect(failureOf(() => Device.open())).toMatchObject({
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: '/dev/fctorture',
      message: "ENOENT: no such file or directory, open '/dev/fctorture'",
    })
  })

  it('is told from other devices when it is opened', () => {
    const expected = { code: 'ENOTTY', errno: -25, syscall: 'ioctl', path: '/dev/null' }
    expect(failureOf(() => Device.open('/dev/null'))).toMatchObject(expected)
  })

  it('is refused where the path is none', () => {
    expect(failureOf(() => Device.open(7 as unknown as string))).toBeInstanceOf(TypeError)
    expect(failureOf(() => Device.open(''))).toBeInstanceOf(RangeError)
  })
})

describe('files of debugfs', () => {
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fct-debugfs-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('are read whole, whatever size they claim', () => {
    expect(readDebugfs('/proc/self/status')).toMatch(/^Name:.*\nnonvoluntary_ctxt_switches:\t\d+\n$/s)
  })

  it('are written as they stand', () => {
    const knob = join(folder, 'knob')
    writeFileSync(knob, '')
    writeDebugfs(knob, '200')
    expect(readFileSync(knob, 'utf8')).toBe('200')
  })

  it('are not created', () => {
    const knob = join(folder, 'knob')
    const expected = { code: 'ENOENT', errno: -2, syscall: 'open', path: knob }
    expect(failureOf(() => writeDebugfs(knob, '1'))).toMatchObject(expected)
    expect(failureOf(() => readDebugfs(knob))).toMatchObject(expected)
  })

  it('refuse a value by the error of the write', () => {
    const path = '/proc/self/oom_score_adj'
    const expected = { code: 'EINVAL', errno: -22, syscall: 'write', path }
    expect(failureOf(() => writeDebugfs(path, '5000'))).toMatchObject(expected)
  })
})
